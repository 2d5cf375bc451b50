// SPDX-License-Identifier: Apache-2.0
#include "sluice/generate/generator_truth.h"

#include "sluice/base/json_text.h"

namespace sluice {

std::string GeneratorTruth::ToJson() const {
  JsonText json;
  json.BeginObject().Key("seed").Value(seed).Key("events").Value(events);
  json.Key("messages").Value(messages).Key("bytes").Value(bytes).Key("tables").BeginArray();
  for (const GeneratedTable& table : tables) {
    json.BeginObject().Key("table").Value(table.table).Key("in").Value(table.in);
    json.Key("loaded").Value(table.loaded).Key("duplicates").Value(table.duplicates);
    json.Key("quarantined").Value(table.quarantined).EndObject();
  }
  json.EndArray().Key("no_route").Value(no_route).Key("reasons").BeginObject();
  for (const auto& [reason, count] : reasons) json.Key(reason).Value(count);
  json.EndObject().Key("late").Value(late).Key("reordered").Value(reordered);
  json.Key("unusual").Value(unusual).Key("repeated").Value(repeated);
  json.Key("differing").Value(differing).EndObject();
  return json.text();
}

}  // namespace sluice
