// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "sluice/base/json_text.h"
#include "sluice/cli/exit_code.h"
#include "sluice/cli/input_file.h"
#include "sluice/cli/session.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/ndjson/line_chunker.h"

namespace sluice {
namespace {

// Sends bodies in batches as large as the queue takes.
class Batch {
 public:
  explicit Batch(Queue& queue) : queue_(queue) {}

  Status Add(std::string_view body) {
    if (bodies_.size() == Queue::kMaxBatch || bytes_ + body.size() > Queue::kMaxMessageBytes)
      SLUICE_TRY(Flush());
    bodies_.emplace_back(body);
    bytes_ += body.size();
    return {};
  }
  Status Flush() {
    if (bodies_.empty()) return {};
    SLUICE_ASSIGN(const auto answers, queue_.Send(bodies_));
    for (const Status& answer : answers) SLUICE_TRY(answer);
    sent_ += bodies_.size();
    bodies_.clear();
    bytes_ = 0;
    return {};
  }
  uint64_t sent() const { return sent_; }

 private:
  Queue& queue_;
  std::vector<std::string> bodies_;
  size_t bytes_ = 0;
  uint64_t sent_ = 0;
};

Status Send(Session& session, const std::string& path) {
  SLUICE_ASSIGN(const auto pipeline, session.OpenPipeline());
  SLUICE_ASSIGN(InputFile file, InputFile::Open(path));
  const auto plain = DecompressingSource(file);
  LineChunker chunker(*plain, {.longest_line = {Queue::kMaxMessageBytes}});
  Batch batch(pipeline->source());
  Progress progress(session.clock(), "sending", "messages", 0, session.progress_mode());
  LineChunk chunk;
  uint64_t bytes = 0;
  while (!session.stop().stop_requested()) {
    SLUICE_ASSIGN(const bool more, chunker.Next(chunk));
    if (!more) break;
    if (chunk.is_cut_line) {
      return Fail(ErrorKind::kPermanent,
                  "cannot send {}: line {} has {} bytes, a message at most {}", path,
                  chunk.first_line, chunk.byte_length, Queue::kMaxMessageBytes);
    }
    std::string_view rest = chunk.text;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      if (end > 0) SLUICE_TRY(batch.Add(rest.substr(0, end)));
      bytes += end;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    progress.Update(batch.sent());
  }
  SLUICE_TRY(batch.Flush());
  if (!session.flags.json) {
    return Print(
        fmt::format("sent {} messages, {}\n", WithThousands(batch.sent()), ToText(Bytes{bytes})));
  }
  JsonText json;
  json.BeginObject().Key("messages").Value(batch.sent()).Key("bytes").Value(bytes).EndObject();
  return Print(json.text() + "\n");
}

}  // namespace

void AddSend(CLI::App& app, Session& session, int& exit_code) {
  auto path = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("send", "Put each line of a file into the source queue, as one message");
  command
      ->add_option("FILE", *path, "Messages, one a line; may be compressed; - for standard input")
      ->required();
  command->footer("Example:\n  sluice send messages.ndjson");
  command->callback([&session, &exit_code, path] {
    if (const Status done = Send(session, *path); !done) exit_code = session.Fail(done.error());
  });
}

}  // namespace sluice
