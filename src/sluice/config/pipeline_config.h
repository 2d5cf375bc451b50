// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/log.h"
#include "sluice/codec/block_codec.h"
#include "sluice/codec/stream_codec.h"
#include "sluice/config/kept_secret.h"
#include "sluice/config/location.h"
#include "sluice/config/secret.h"
#include "sluice/queue/stream.h"
#include "sluice/schema/table.h"

namespace sluice {

// Which AWS region a service is in, and where it answers when not at AWS's own address.
struct ServiceOptions {
  std::string region;
  std::string endpoint;
};

struct AssumeRole {
  std::string arn;
  Secret external_id;    // may be empty
  std::string endpoint;  // of the token service, when not at AWS's own address
};

// How Secrets Manager is reached, for the secrets that it keeps.
struct SecretsManagerConfig {
  ServiceOptions service;  // a secret's ARN has its own region
  std::optional<AssumeRole> assume_role;
};

// A place for objects.
struct StoreConfig {
  Location location;
  ServiceOptions service;
  std::string bucket_owner;  // the account that must own the bucket; empty: any
  std::string kms_key;       // that new objects are encrypted with; empty: the bucket's own
  Bytes part_size = MiB(8);  // of S3: longer objects are written in parts, and read in pieces
};

// Where messages come from.
struct SourceConfig {
  Location location;  // a directory, SQS or Kinesis
  ServiceOptions service;
  std::optional<AssumeRole> assume_role;
  // Of a stream: where it is kept how far it is landed, reached as raw objects are; and where
  // landing begins the first time.
  StoreConfig checkpoints;
  StreamPosition from = StreamPosition::TrimHorizon();
};

// Raw objects: closed at `close_age` or `close_size` (before compression), whichever is first.
struct RawConfig : StoreConfig {
  std::string layout = "date=%Y-%m-%d/%H/";  // RawLayout::Parse takes it
  StreamFormat compression = StreamFormat::kZstd;
  std::chrono::milliseconds close_age = std::chrono::minutes(5);
  Bytes close_size = MiB(128);
  // The queue that hears of new raw objects. By default, with directories, it is in the source's
  // queue.db.
  Location notifications;
};

struct ParquetConfig : StoreConfig {
  Codec compression = Codec::kSnappy;
};

// Shares of an object's events, from 0 to 1.
struct QuarantineConfig : StoreConfig {
  double warn_above = 0.001;  // alert
  double hold_above = 0.2;    // load nothing of the object until a person has looked
};

struct DuckDbTarget {
  std::string path;  // of the database file; absolute
};
// Whether a server must show who it is, by a certificate for its name that one of `root`, a file of
// certificates, signed; or only encrypt; or not even that.
enum class ServerTls { kVerifyFull, kRequire, kDisable };
struct TlsOptions {
  ServerTls mode = ServerTls::kVerifyFull;
  std::string root = "/etc/ssl/certs/ca-certificates.crt";  // Debian's
};
struct PostgresTarget {
  std::string host;
  int port = 5432;
  std::string database, user;
  SecretSetting password;  // its text may be empty
  TlsOptions tls;
};
enum class RedshiftAuth { kIam, kPassword };
struct RedshiftTarget {
  std::string host;
  int port = 5439;
  std::string database, user;
  RedshiftAuth auth = RedshiftAuth::kIam;
  SecretSetting password;  // with kPassword
  // With kIam, where the host is not Amazon's own name of it: one of them.
  std::string cluster, workgroup;
  TlsOptions tls;
  ServiceOptions service;
  std::optional<AssumeRole> assume_role;  // who asks for passwords, with kIam
};
struct RedshiftDataApiTarget {
  std::string cluster, workgroup;  // one of them
  std::string database;
  std::string user;        // of a cluster, with temporary credentials
  std::string secret_arn;  // or one that Secrets Manager keeps
  ServiceOptions service;
  std::optional<AssumeRole> assume_role;  // whose statements they are
};

struct WarehouseConfig {
  // std::monostate: not configured.
  std::variant<std::monostate, DuckDbTarget, PostgresTarget, RedshiftTarget, RedshiftDataApiTarget>
      target;
  std::vector<std::string> copy_role;  // a chain of ARNs, the cluster's own first
  std::string schema = "sluice";       // of ledger, lock, duplicates and quarantine
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds copy_timeout = std::chrono::minutes(15);
  std::chrono::milliseconds lock_timeout = std::chrono::minutes(5);
  std::chrono::milliseconds commit_timeout = std::chrono::minutes(2);
};

struct LoadConfigOptions {
  std::chrono::milliseconds every = std::chrono::minutes(1);  // with --follow
  Bytes max_size = GiB(1);                                    // of raw objects in one load
  std::chrono::milliseconds deadline = std::chrono::seconds(270);
  int threads = 0;  // 0: one for each core; see ThreadCount
  Bytes memory = MiB(512);
};

// 0 becomes the number of cores that the process may use.
inline size_t ThreadCount(int threads) {
  if (threads > 0) return static_cast<size_t>(threads);
  return std::max(1u, std::thread::hardware_concurrency());
}

struct AlertConfig {
  SecretSetting webhook;  // an address that holds a key; its text may be empty
  std::chrono::milliseconds stale_after = std::chrono::minutes(20);

  // Is there somebody to tell?
  bool has_webhook() const {
    const auto* const secret = std::get_if<Secret>(&webhook);
    return secret == nullptr || !secret->empty();
  }
};

// How `process` looks for what nobody was told of.
struct ReconcileConfig {
  std::chrono::milliseconds every = std::chrono::hours(1);   // 0: never
  std::chrono::milliseconds since = std::chrono::hours(72);  // how far back, by landing hour
  std::chrono::milliseconds grace = std::chrono::hours(1);   // what is younger is on its way
};

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
};

// Everything that sluice.yaml says, checked as far as that is possible without asking anybody. A
// plain value.
struct PipelineConfig {
  std::string origin;  // the file, or "the built-in configuration"
  std::string name;    // of the pipeline: 1–63 of a–z A–Z 0–9 _ -
  SecretsManagerConfig secrets_manager;
  SourceConfig source;
  RawConfig raw;
  ParquetConfig parquet;
  QuarantineConfig quarantine;
  WarehouseConfig warehouse;
  LoadConfigOptions load;
  AlertConfig alert;
  ReconcileConfig reconcile;
  LogConfig log;
  std::shared_ptr<const TableSet> tables;  // never null; its address stays
  std::vector<std::string> warnings;       // one sentence each, with its place
  // Every key outside of tables that was given, sections too: "raw.url" → "sluice.yaml:3:8", or
  // the variable or flag that gave it.
  std::map<std::string, std::string> places;
};

}  // namespace sluice
