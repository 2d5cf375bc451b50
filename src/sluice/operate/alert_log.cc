// SPDX-License-Identifier: Apache-2.0
#include "sluice/operate/alert_log.h"

#include "sluice/object/object_names.h"
#include "sluice/object/read_object.h"

namespace sluice {
namespace {

constexpr uint64_t kKept = 8;
constexpr size_t kLargest = 1 << 20;

}  // namespace

AlertLog::AlertLog(ObjectStore& store, std::string_view pipeline)
    : store_(store), folder_(AlertFolder(pipeline)) {}

Result<AlertMemory> AlertLog::Newest() {
  SLUICE_ASSIGN(const ListPage page, store_.List(folder_, "", 1));
  if (page.objects.empty()) return AlertMemory();
  const std::string& key = page.objects.front().key;
  SLUICE_ASSIGN(const uint64_t number, AlertEntryNumberOf(folder_, key));
  SLUICE_ASSIGN(const std::string text, ReadObject(store_, key, kLargest));
  auto memory = ParseAlertMemory(text);
  if (!memory) return std::unexpected(memory.error().During(store_.uri() + key));
  next_ = number + 1;
  return memory;
}

Status AlertLog::Append(const AlertMemory& memory) {
  SLUICE_ASSIGN(const auto object, store_.Create(AlertEntryKeyFor(folder_, next_)));
  SLUICE_TRY(object->Write(ToText(memory)));
  SLUICE_TRY(object->Commit());
  const uint64_t mine = next_++;
  if (mine < kKept) return {};
  return store_.Remove(AlertEntryKeyFor(folder_, mine - kKept));
}

}  // namespace sluice
