// SPDX-License-Identifier: Apache-2.0
// The file is made of pages. The first two are metas, the newer one of which has the page of the
// root bucket. A bucket is a tree of pages: branches have keys and pages, leaves keys and values. A
// value may be a bucket: the number of its page, or, if that is 0, the page itself. Writers put
// what they change into free pages, and a meta at last: what a meta leads to stays as it is until
// the next one is written.
#include "agent/container/bolt.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/fd.h"

namespace aspis {
namespace {

constexpr std::uint32_t kMagic = 0xED0CDAED, kVersion = 2;
constexpr std::uint16_t kBranch = 1, kLeaf = 2;
constexpr std::uint32_t kIsBucket = 1;
constexpr std::size_t kPageMax = 16 << 20;
constexpr int kDepthMax = 32, kTries = 3;

struct PageHead {
  std::uint64_t id;
  std::uint16_t flags, count;
  std::uint32_t overflow;  // pages that belong to this one, behind it
};
struct BucketHead {
  std::uint64_t root, sequence;
};
struct Meta {
  std::uint32_t magic, version, page_size, flags;
  BucketHead root;
  std::uint64_t free_list, pages, transaction, checksum;
};
struct BranchElement {
  std::uint32_t position, key_size;
  std::uint64_t page;
};
struct LeafElement {
  std::uint32_t flags, position, key_size, value_size;
};
static_assert(sizeof(PageHead) == 16 && sizeof(Meta) == 64);
static_assert(sizeof(BranchElement) == 16 && sizeof(LeafElement) == 16);

template <class T>
std::optional<T> at(std::string_view bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

std::string_view cut(std::string_view bytes, std::size_t offset, std::size_t length) {
  if (offset > bytes.size()) return {};
  return bytes.substr(offset, length);
}

/// FNV-1a, of what stands before it.
std::uint64_t checksum_of(const Meta& meta) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(&meta);
  std::uint64_t sum = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < offsetof(Meta, checksum); ++i) sum = (sum ^ bytes[i]) * 0x100000001b3;
  return sum;
}

class Database {
 public:
  explicit Database(const std::string& file)
      : fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}

  [[nodiscard]] std::optional<Meta> meta() const;
  std::optional<std::string> find(const Meta& meta, std::span<const std::string_view> buckets,
                                  std::string_view key);

 private:
  struct Found {
    std::string value;
    bool bucket = false;
  };

  [[nodiscard]] std::string bytes(std::uint64_t offset, std::size_t length) const;
  [[nodiscard]] std::string page(std::uint64_t number) const;
  [[nodiscard]] std::optional<Found> in_bucket(std::string_view bucket, std::string_view key) const;

  Fd fd_;
  std::uint64_t page_size_ = 0, pages_ = 0;
};

std::string Database::bytes(std::uint64_t offset, std::size_t length) const {
  std::string text(length, '\0');
  const ssize_t got = ::pread(fd_.get(), text.data(), length, static_cast<off_t>(offset));
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

/// The newer one that is whole. The second begins where the pages of the first say.
std::optional<Meta> Database::meta() const {
  std::optional<Meta> best;
  const auto take = [&](std::uint64_t offset) {
    const auto found = at<Meta>(bytes(offset + sizeof(PageHead), sizeof(Meta)), 0);
    if (!found || found->magic != kMagic || found->version != kVersion ||
        found->checksum != checksum_of(*found) || found->page_size < 512 ||
        found->page_size > kPageMax)
      return;
    if (!best || found->transaction > best->transaction) best = found;
  };
  take(0);
  take(best ? best->page_size : static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  return best;
}

/// Empty: there is none.
std::string Database::page(std::uint64_t number) const {
  if (number < 2 || number >= pages_) return {};
  const std::uint64_t offset = number * page_size_;
  const auto head = at<PageHead>(bytes(offset, sizeof(PageHead)), 0);
  if (!head || head->id != number) return {};
  const std::uint64_t length = (std::uint64_t{head->overflow} + 1) * page_size_;
  return length > kPageMax ? std::string() : bytes(offset, length);
}

/// `bucket`: as a value is one.
std::optional<Database::Found> Database::in_bucket(std::string_view bucket,
                                                   std::string_view key) const {
  const auto root = at<BucketHead>(bucket, 0);
  if (!root) return std::nullopt;
  std::string node =
      root->root != 0 ? page(root->root) : std::string(cut(bucket, sizeof(BucketHead), kPageMax));
  for (int depth = 0; depth < kDepthMax; ++depth) {
    const auto head = at<PageHead>(node, 0);
    if (!head) return std::nullopt;
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < head->count; ++i) {
      const std::size_t offset = sizeof(PageHead) + i * sizeof(LeafElement);
      if (head->flags == kLeaf) {
        const auto element = at<LeafElement>(node, offset);
        if (!element || cut(node, offset + element->position, element->key_size) != key) continue;
        const std::size_t value = offset + element->position + std::size_t{element->key_size};
        return Found{std::string(cut(node, value, element->value_size)),
                     (element->flags & kIsBucket) != 0};
      }
      const auto element = at<BranchElement>(node, offset);
      if (!element || head->flags != kBranch) return std::nullopt;
      // The last one that begins with no more than the key.
      if (i == 0 || cut(node, offset + element->position, element->key_size) <= key)
        next = element->page;
    }
    if (next == 0) return std::nullopt;
    node = page(next);
  }
  return std::nullopt;
}

std::optional<std::string> Database::find(const Meta& meta,
                                          std::span<const std::string_view> buckets,
                                          std::string_view key) {
  page_size_ = meta.page_size;
  pages_ = meta.pages;
  std::string bucket(reinterpret_cast<const char*>(&meta.root), sizeof(meta.root));
  for (const std::string_view name : buckets) {
    auto inner = in_bucket(bucket, name);
    if (!inner || !inner->bucket) return std::nullopt;
    bucket = std::move(inner->value);
  }
  auto found = in_bucket(bucket, key);
  if (!found || found->bucket) return std::nullopt;
  return std::move(found->value);
}

}  // namespace

std::optional<std::string> bolt_value(const std::string& file,
                                      std::span<const std::string_view> buckets,
                                      std::string_view key) {
  Database database(file);
  for (int i = 0; i < kTries; ++i) {
    const auto meta = database.meta();
    if (!meta) return std::nullopt;
    auto value = database.find(*meta, buckets, key);
    // What it led to may have been overwritten since, if another meta is in force.
    if (const auto now = database.meta(); now && now->transaction == meta->transaction)
      return value;
  }
  return std::nullopt;
}

}  // namespace aspis
