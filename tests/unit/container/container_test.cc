// SPDX-License-Identifier: Apache-2.0
// Paths as the runtimes and kubelet name cgroups: taken from their sources and documentation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/container/cgroup_path.h"
#include "agent/container/container_value.h"
#include "agent/container/runtime_state.h"

namespace aspis {
namespace {

namespace fs = std::filesystem;
const std::string kId(64, 'a');
const std::string kInner = std::string(63, 'b') + "7";
const std::string kUid = "0f4c8f4e-3c1e-4d3b-9f57-2b6d1f0a9c11";

struct Case {
  std::string path, id, runtime, uid;
};

TEST(CgroupPath, TellsTheContainer) {
  std::string systemd_uid = kUid;
  std::ranges::replace(systemd_uid, '-', '_');
  const Case cases[] = {
      {"/system.slice/docker-" + kId + ".scope", kId, "docker", ""},
      {"/docker/" + kId, kId, "docker", ""},
      {"/docker/" + kId + "/init", kId, "docker", ""},
      {"/machine.slice/libpod-" + kId + ".scope/container", kId, "podman", ""},
      {"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope", kId,
       "podman", ""},
      {"/machine.slice/machine-libpod_pod_" + kInner + ".slice/libpod-" + kId + ".scope", kId,
       "podman", ""},
      {"/kubepods/burstable/pod" + kUid + "/" + kId, kId, "", kUid},
      {"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + systemd_uid +
           ".slice/cri-containerd-" + kId + ".scope",
       kId, "containerd", kUid},
      {"/kubepods.slice/kubepods-pod" + systemd_uid + ".slice/crio-" + kId + ".scope", kId, "cri-o",
       kUid},
      {"/system.slice/containerd.service/kubepods-burstable-pod" + systemd_uid +
           ".slice:cri-containerd:" + kId,
       kId, "containerd", kUid},
      {"/default/" + kId, kId, "", ""},
      {"/docker/" + kId + "/docker/" + kInner, kInner, "docker", ""},
      {"/kubelet.slice/docker-" + kId + ".scope/kubepods/pod" + kUid + "/" + kInner, kInner, "",
       kUid},
  };
  for (const Case& one : cases) {
    const auto found = container_in(one.path);
    ASSERT_TRUE(found) << one.path;
    EXPECT_EQ(found->id, one.id) << one.path;
    EXPECT_EQ(found->runtime, one.runtime) << one.path;
    EXPECT_EQ(found->pod_uid, one.uid) << one.path;
  }
}

TEST(CgroupPath, TellsOthersApart) {
  for (const std::string& path :
       {std::string("/"), std::string(), std::string("/system.slice/docker.service"),
        std::string("/user.slice/user-1000.slice/session-1.scope"), "/docker/" + kId + "0",
        "/docker/" + kId.substr(1), "/docker/" + std::string(64, 'A'),
        "/machine.slice/libpod-conmon-" + kId + ".scope"})
    EXPECT_FALSE(container_in(path)) << path;
}

TEST(CgroupPath, IsFoundById) {
  const auto paths = CgroupPaths::open();
  if (::geteuid() != 0 || !paths) GTEST_SKIP() << "needs root, and cgroup2 at /sys/fs/cgroup";
  const std::string directory = "/sys/fs/cgroup/aspis-test-" + std::to_string(::getpid());
  if (::mkdir(directory.c_str(), 0755) != 0) GTEST_SKIP() << "no cgroup can be made";
  struct stat status{};
  ::stat(directory.c_str(), &status);
  EXPECT_EQ(paths->path_of(status.st_ino).value_or("nothing"),
            directory.substr(std::string("/sys/fs/cgroup").size()));
  ::rmdir(directory.c_str());
  EXPECT_FALSE(paths->path_of(status.st_ino));
}

TEST(ContainerValue, IsByTheKeysOfProfiles) {
  Container container;
  container.id = "0a";
  container.runtime = "podman";
  container.pod_namespace = "prod";
  container.labels["app.kubernetes.io/name"] = "shop";
  EXPECT_EQ(container_value(container, "id"), "0a");
  EXPECT_EQ(container_value(container, "runtime"), "podman");
  EXPECT_EQ(container_value(container, "namespace"), "prod");
  EXPECT_EQ(container_value(container, "label.app.kubernetes.io/name"), "shop");
  EXPECT_EQ(container_value(container, "label.other"), "");
  EXPECT_EQ(container_value(container, "image"), "");
  EXPECT_EQ(container_value(container, "unknown"), "");
}

class RuntimeState : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/aspis-runtime-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  Container read() {
    Container container;
    container.id = kId;
    read_runtime_state(container, root_);
    return container;
  }
  std::string root_;
};

TEST_F(RuntimeState, OfDocker) {
  write("/var/lib/docker/containers/" + kId + "/config.v2.json",
        R"({"Name":"/web","Config":{"Image":"nginx:1.27","Labels":{"app":"shop"}}})");
  const Container found = read();
  EXPECT_EQ(found.name, "web");
  EXPECT_EQ(found.image, "nginx:1.27");
  EXPECT_EQ(found.labels.at("app"), "shop");
}

TEST_F(RuntimeState, OfPodman) {
  write("/var/lib/containers/storage/overlay-containers/containers.json",
        R"([{"id":"other","names":["x"]},{"id":")" + kId +
            R"(","names":["victim"],"metadata":"{\"image-name\":\"localhost/victim:1\"}"}])");
  const Container found = read();
  EXPECT_EQ(found.name, "victim");
  EXPECT_EQ(found.image, "localhost/victim:1");
}

TEST_F(RuntimeState, OfContainerdAndCrio) {
  write("/run/containerd/io.containerd.runtime.v2.task/k8s.io/" + kId + "/config.json",
        R"({"annotations":{"io.kubernetes.cri.container-name":"app",
            "io.kubernetes.cri.image-name":"registry/app:2","io.kubernetes.cri.sandbox-name":"shop-0",
            "io.kubernetes.cri.sandbox-namespace":"prod"}})");
  Container found = read();
  EXPECT_EQ(found.name, "app");
  EXPECT_EQ(found.image, "registry/app:2");
  EXPECT_EQ(found.pod, "shop-0");
  EXPECT_EQ(found.pod_namespace, "prod");
  fs::remove_all(root_ + "/run/containerd");
  write("/run/containers/storage/overlay-containers/" + kId + "/userdata/config.json",
        R"({"annotations":{"io.kubernetes.container.name":"app","io.kubernetes.pod.name":"shop-1",
            "io.kubernetes.pod.namespace":"prod","io.kubernetes.cri-o.Labels":"{\"tier\":\"web\"}"}})");
  found = read();
  EXPECT_EQ(found.pod, "shop-1");
  EXPECT_EQ(found.labels.at("tier"), "web");
}

TEST_F(RuntimeState, TellsTheRuntimeWhereThePathDoesNot) {
  EXPECT_EQ(read().runtime, "");
  const std::string task = "/run/containerd/io.containerd.runtime.v2.task/";
  const std::string config = "/" + kId + "/config.json";
  write(task + "k8s.io" + config, "{}");
  EXPECT_EQ(read().runtime, "containerd");
  fs::remove_all(root_ + "/run/containerd");
  write(task + "moby" + config, "{}");
  EXPECT_EQ(read().runtime, "docker") << "which has containerd run them";
  const std::string crio =
      "/run/containers/storage/overlay-containers/" + kId + "/userdata/config.json";
  write(crio, R"({"annotations":{"io.container.manager":"cri-o"}})");
  EXPECT_EQ(read().runtime, "cri-o");
  write(crio, R"({"annotations":{"io.container.manager":"libpod"}})");
  EXPECT_EQ(read().runtime, "podman");
  Container container;
  container.id = kId;
  container.runtime = "docker";
  read_runtime_state(container, root_);
  EXPECT_EQ(container.runtime, "docker") << "the path has said so";
}

TEST_F(RuntimeState, KnowsContainersOfContainerdByAnyName) {
  const std::string task = "/run/containerd/io.containerd.runtime.v2.task/";
  write(task + "default/web-1/config.json", "{}");
  write(task + "other/web-1/config.json",
        R"({"annotations":{"io.kubernetes.cri.image-name":"other:1"}})");
  for (const char* path : {"/default/web-1", "/default/web-1/init"}) {
    auto found = containerd_task_in(path, root_);
    ASSERT_TRUE(found) << path;
    EXPECT_EQ(found->id, "web-1");
    read_runtime_state(*found, root_);
    EXPECT_EQ(found->runtime, "containerd");
    EXPECT_EQ(found->name, "web-1");
    EXPECT_EQ(found->image, "") << "that of another namespace";
  }
  auto other = containerd_task_in("/other/web-1", root_);
  ASSERT_TRUE(other);
  read_runtime_state(*other, root_);
  EXPECT_EQ(other->image, "other:1");
  for (const char* path : {"", "/", "/default", "/default/", "/default/web", "/init.scope",
                           "//web-1", "/system.slice/default/web-1", "/../web-1", "/default/.."})
    EXPECT_FALSE(containerd_task_in(path, root_)) << path;
}

TEST_F(RuntimeState, WhatIsNotUnderstoodStaysEmpty) {
  const std::string file = "/var/lib/docker/containers/" + kId + "/config.v2.json";
  for (const char* text : {"", "{", "[]", "5", R"({"Name":5,"Config":[]})",
                           R"({"Config":{"Labels":[1],"Image":{}}})"}) {
    write(file, text);
    EXPECT_EQ(read().image, "") << text;
  }
  EXPECT_EQ(read().name, "");
}

}  // namespace
}  // namespace aspis
