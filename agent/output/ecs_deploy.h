// SPDX-License-Identifier: Apache-2.0
// What Elastic's programs are told of the fields that EcsFormatter writes: texts for
// deploy/elastic.
#pragma once

#include <string>
#include <vector>

#include "agent/output/ecs_fields.h"

namespace aspis {

/// A place of a JSON line's members in the schema. `kinds`: empty if it is the place in all others.
struct EcsPlace {
  std::string name, ecs, type, kinds;
  EcsValue value = EcsValue::kAsIs;
};

/// Of every member of fields.h that is no object, those that are made here left out.
std::vector<EcsPlace> ecs_places();

/// A composable index template, in JSON.
std::string ecs_index_template();

/// A pipeline for Logstash that makes of JSON lines what `-o ecs` would have written.
std::string ecs_logstash();

}  // namespace aspis
