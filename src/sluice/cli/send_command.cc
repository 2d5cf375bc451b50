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

Status SendLines(Session& session, InputFile& file, Batch& batch, Bytes& size) {
  const auto plain = DecompressingSource(file);
  LineChunker chunker(*plain, {.longest_line = {Queue::kMaxMessageBytes}});
  Progress progress(session.clock(), "sending", "messages", 0, session.progress_mode());
  LineChunk chunk;
  for (;;) {
    SLUICE_ASSIGN(const bool more, chunker.Next(chunk));
    if (!more) return batch.Flush();
    if (chunk.is_cut_line) {
      return Fail(ErrorKind::kPermanent, "line {} has {} bytes, a message at most {}",
                  chunk.first_line, chunk.byte_length, Queue::kMaxMessageBytes);
    }
    std::string_view rest = chunk.text;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      if (end > 0) SLUICE_TRY(batch.Add(rest.substr(0, end)));
      size += Bytes{end};
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    progress.Update(batch.sent());
  }
}

Result<int> Send(Session& session, const std::string& path) {
  SLUICE_ASSIGN(InputFile file, InputFile::Open(path, session.stop()));
  SLUICE_ASSIGN(const auto pipeline, session.OpenPipeline());
  Batch batch(pipeline->source());
  Bytes size;
  const Status done = SendLines(session, file, batch, size);
  if (!done && session.stop().stop_requested()) {
    std::fprintf(stderr, "sluice: stopped by a signal: %s messages of %s sent\n",
                 WithThousands(batch.sent()).c_str(), path.c_str());
    return kExitInterrupted;
  }
  if (!done) {
    return std::unexpected(done.error().During(fmt::format(
        "cannot send {}: after {} messages were sent", path, WithThousands(batch.sent()))));
  }
  if (session.flags.json) {
    JsonText json;
    json.BeginObject().Key("messages").Value(batch.sent());
    json.Key("bytes").Value(size.count).EndObject();
    SLUICE_TRY(Print(json.text() + "\n"));
  } else if (batch.sent() == 0) {
    SLUICE_TRY(Print(fmt::format("nothing to send: {} is empty\n", path)));
  } else {
    SLUICE_TRY(
        Print(fmt::format("sent {} messages, {}\n", WithThousands(batch.sent()), ToText(size))));
  }
  return kExitDone;
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
    const Result<int> code = Send(session, *path);
    exit_code = code ? *code : session.Fail(code.error());
  });
}

}  // namespace sluice
