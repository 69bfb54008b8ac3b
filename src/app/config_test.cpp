#include "app/config.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "core/limits.hpp"
#include "tests/support/fresh_directory.hpp"

namespace cubby {
namespace {

// A command line with an environment of its own, in which nothing of ours is set.
class Config : public testing::Test {
 protected:
  Config() { clear(); }
  ~Config() override { clear(); }

  static void clear() {
    for (const char* name : {"DATA_DIR", "LISTEN", "ACCOUNT_ID", "THREADS", "STOP_SECONDS", "CONFIG",
                             "ADMIN_TOKEN", "BINDING_LISTEN", "BINDING_AUTH", "BINDING_NAMESPACE",
                             "AUTO_CREATE_NAMESPACES", "DEV_CLOCK", "VALUE_BYTES_MAX", "CACHE_BYTES",
                             "DURABILITY", "ALLOWED_ORIGIN", "MAX_CONNECTIONS", "REQUEST_MEMORY_BYTES"}) {
      ::unsetenv((std::string("CUBBY_") + name).c_str());
    }
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  }

  static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

  // `--config FILE` with that text in the file.
  std::vector<std::string> file(const std::string& text) {
    const auto path = directory_.path() / "cubby.toml";
    std::ofstream(path) << text;
    return {"--config", path.string()};
  }

  // What `cubby serve` with these arguments reads; complaints are in complaint_.
  CommandLine read(const std::vector<std::string>& arguments, const std::string& command = "serve") {
    std::vector<const char*> argv{"cubby", command.c_str()};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    CommandLine line = read_command_line(static_cast<int>(argv.size()), argv.data());
    printed_ = testing::internal::GetCapturedStdout();
    complaint_ = testing::internal::GetCapturedStderr();
    return line;
  }

  void expect_complaint(const std::vector<std::string>& arguments, const std::string& about) {
    const CommandLine line = read(arguments);
    EXPECT_FALSE(line.serve) << about;
    EXPECT_NE(line.exit_code, 0) << about;
    EXPECT_NE(complaint_.find(about), std::string::npos) << complaint_;
  }

  FreshDirectory directory_;
  std::string complaint_;
  std::string printed_;
};

const std::string some_account = "00112233445566778899aabbccddeeff";

TEST_F(Config, HasDefaultsForEverything) {
  const auto config = read({}).serve.value();
  EXPECT_EQ(config.data_dir, "cubby-data");
  EXPECT_EQ(std::get<TcpAddress>(config.listen).host, "127.0.0.1");
  EXPECT_EQ(std::get<TcpAddress>(config.listen).port, 8484);
  EXPECT_FALSE(config.account_id);
  EXPECT_FALSE(config.admin_token);
  EXPECT_GE(config.threads, 1u);
  EXPECT_EQ(config.stop_seconds, 10u);
}

TEST_F(Config, TakesEverySettingAsAFlag) {
  const auto config = read({"--data-dir", "d", "--listen=[::1]:0", "--account-id", some_account, "--threads",
                            "3", "--stop-seconds", "0"})
                          .serve.value();
  EXPECT_EQ(config.data_dir, "d");
  EXPECT_EQ(std::get<TcpAddress>(config.listen).host, "::1");
  EXPECT_EQ(std::get<TcpAddress>(config.listen).port, 0);
  EXPECT_EQ(config.account_id->text(), some_account);
  EXPECT_EQ(config.threads, 3u);
  EXPECT_EQ(config.stop_seconds, 0u);
}

TEST_F(Config, TakesEverySettingFromTheEnvironment) {
  set("CUBBY_DATA_DIR", "d");
  set("CUBBY_LISTEN", "0.0.0.0:1");
  set("CUBBY_ACCOUNT_ID", some_account);
  set("CUBBY_THREADS", "3");
  set("CUBBY_STOP_SECONDS", "4");
  const auto config = read({}).serve.value();
  EXPECT_EQ(config.data_dir, "d");
  EXPECT_EQ(std::get<TcpAddress>(config.listen).host, "0.0.0.0");
  EXPECT_EQ(std::get<TcpAddress>(config.listen).port, 1);
  EXPECT_EQ(config.account_id->text(), some_account);
  EXPECT_EQ(config.threads, 3u);
  EXPECT_EQ(config.stop_seconds, 4u);
}

TEST_F(Config, TakesEverySettingFromAFile) {
  const auto config = read(file("data-dir = 'd'\nlisten = 'localhost:65535'\naccount-id = '" + some_account +
                                "'\nthreads = 3\nstop-seconds = 4\n"))
                          .serve.value();
  EXPECT_EQ(config.data_dir, "d");
  EXPECT_EQ(std::get<TcpAddress>(config.listen).host, "localhost");
  EXPECT_EQ(std::get<TcpAddress>(config.listen).port, 65535);
  EXPECT_EQ(config.account_id->text(), some_account);
  EXPECT_EQ(config.threads, 3u);
  EXPECT_EQ(config.stop_seconds, 4u);
}

TEST_F(Config, LetsAFlagWinOverTheEnvironmentAndThatOverTheFile) {
  auto arguments = file("data-dir = 'file'\nthreads = 5\nstop-seconds = 5");
  set("CUBBY_DATA_DIR", "environment");
  set("CUBBY_THREADS", "4");
  arguments.insert(arguments.end(), {"--data-dir", "flag"});
  const auto config = read(arguments).serve.value();
  EXPECT_EQ(config.data_dir, "flag");
  EXPECT_EQ(config.threads, 4u);
  EXPECT_EQ(config.stop_seconds, 5u);
}

TEST_F(Config, TakesTheFileFromTheEnvironment) {
  set("CUBBY_CONFIG", file("stop-seconds = 7")[1]);
  EXPECT_EQ(read({}).serve.value().stop_seconds, 7u);
}

TEST_F(Config, TakesTheTokenFromTheEnvironmentOnly) {
  const std::string token(40, 'a');
  set("CUBBY_ADMIN_TOKEN", token);
  EXPECT_EQ(read({}).serve.value().admin_token, token);
  expect_complaint({"--admin-token", token}, "--admin-token");
  expect_complaint(file("admin-token = '" + token + "'"), "admin-token");
}

TEST_F(Config, RefusesATokenOfAnotherShape) {
  for (const std::string& token : {std::string(39, 'a'), std::string(81, 'a'), std::string(40, '!')}) {
    set("CUBBY_ADMIN_TOKEN", token);
    expect_complaint({}, "CUBBY_ADMIN_TOKEN");
  }
  set("CUBBY_ADMIN_TOKEN", "");
  EXPECT_FALSE(read({}).serve.value().admin_token);
}

TEST_F(Config, ComplainsAboutSettingsThatMakeNoSense) {
  expect_complaint({"--data-dir", ""}, "--data-dir");
  expect_complaint({"--threads", "0"}, "--threads");
  expect_complaint({"--threads", "257"}, "--threads");
  expect_complaint({"--threads", "many"}, "--threads");
  expect_complaint({"--stop-seconds", "-1"}, "--stop-seconds");
  expect_complaint({"--account-id", "abc"}, "--account-id");
  expect_complaint({"--unknown"}, "--unknown");
  for (const char* address :
       {"8484", ":8484", "host", "host:", "host:-1", "host:65536", "host:80x", "::1:80", "[]:80"}) {
    expect_complaint({"--listen", address}, "--listen");
  }
}

TEST_F(Config, BoundsTheShardsOfACluster) {
  const auto with = [](const std::string& keys) {
    return std::vector<std::string>{"--engine",     "rados", "--rados-conf",       "ceph.conf",
                                    "--rados-pool", "pool",  "--rados-shard-keys", keys};
  };
  for (const char* each : {"9", "100001", "many"}) expect_complaint(with(each), "--rados-shard-keys");
  for (const char* each : {"10", "100000"}) {
    const RadosSharding sharding = read(with(each)).serve.value().rados.value().sharding;
    EXPECT_EQ(sharding.split_keys, std::stoull(each));
    EXPECT_EQ(sharding.merge_keys, sharding.split_keys / 5);
  }
}

TEST_F(Config, AllowsTheOriginsThatItIsTold) {
  using Origins = std::vector<std::string>;
  EXPECT_EQ(read({}).serve.value().allowed_origins, Origins{});
  const Origins both = {"https://app.example", "http://localhost:3000"};
  EXPECT_EQ(read({"--allowed-origin", both[0], "--allowed-origin", both[1]}).serve.value().allowed_origins,
            both);
  EXPECT_EQ(read(file("allowed-origin = ['https://App.Example:443', 'http://localhost:3000']"))
                .serve.value()
                .allowed_origins,
            both);
  set("CUBBY_ALLOWED_ORIGIN", both[0] + "," + both[1]);
  EXPECT_EQ(read({}).serve.value().allowed_origins, both);
  for (const char* const origin : {"*", "null", "app.example", "https://app.example/"})
    expect_complaint({"--allowed-origin", origin}, "--allowed-origin");
}

TEST_F(Config, BoundsClients) {
  using std::chrono_literals::operator""s;
  const auto usual = read({}).serve.value();
  EXPECT_EQ(usual.max_connections, 10'000u);
  EXPECT_GE(usual.request_memory_bytes, limits::request_memory_bytes_min);
  EXPECT_EQ(usual.patience.head, 15s);
  EXPECT_EQ(usual.patience.body, 30s);
  EXPECT_EQ(usual.patience.write, 30s);
  EXPECT_EQ(usual.patience.idle, 75s);
  const auto other =
      read({"--max-connections", "7", "--request-memory-bytes", "300000000", "--header-timeout", "1",
            "--body-timeout", "2s", "--write-timeout", "3m", "--idle-timeout", "1h"})
          .serve.value();
  EXPECT_EQ(other.max_connections, 7u);
  EXPECT_EQ(other.request_memory_bytes, 300'000'000u);
  EXPECT_EQ(other.patience.head, 1s);
  EXPECT_EQ(other.patience.body, 2s);
  EXPECT_EQ(other.patience.write, 180s);
  EXPECT_EQ(other.patience.idle, 3600s);
  expect_complaint({"--max-connections", "0"}, "--max-connections");
  expect_complaint({"--request-memory-bytes", "1000000"}, "--request-memory-bytes");
  expect_complaint({"--header-timeout", "0"}, "--header-timeout");
  expect_complaint({"--body-timeout", "soon"}, "--body-timeout");
  expect_complaint({"--write-timeout", "2d"}, "--write-timeout");
  expect_complaint({"--idle-timeout", "9s"}, "--idle-timeout");
}

TEST_F(Config, ComplainsAboutAFileThatItDoesNotUnderstand) {
  expect_complaint({"--config", "/nowhere/cubby.toml"}, "/nowhere/cubby.toml");
  expect_complaint(file("data-dir = "), "line 1");
  expect_complaint(file("data_dir = 'd'"), "unknown setting: data_dir");
  expect_complaint(file("config = 'other.toml'"), "unknown setting: config");
  expect_complaint(file("help = 'me'"), "unknown setting: help");
  expect_complaint(file("threads = 'many'"), "--threads");
  expect_complaint(file("threads = 0"), "--threads");
  expect_complaint(file("stop-seconds = 1.5"), "values must be strings, integers, true, false");
  expect_complaint(file("[listen]\nhost = 'h'"), "values must be strings, integers, true, false");
}

TEST_F(Config, TheBindingHasDefaults) {
  const auto config = read({}).serve.value();
  ASSERT_EQ(config.binding_listen.size(), 1u);
  EXPECT_EQ(std::get<TcpAddress>(config.binding_listen[0]).host, "127.0.0.1");
  EXPECT_EQ(std::get<TcpAddress>(config.binding_listen[0]).port, 8485);
  EXPECT_FALSE(config.is_binding_asked_for);
  EXPECT_EQ(config.binding_auth, BindingAuth::token);
  EXPECT_FALSE(config.binding_namespace);
  EXPECT_FALSE(config.auto_create_namespaces);
  EXPECT_FALSE(config.dev_clock);
  EXPECT_EQ(config.value_bytes_max, 26'214'400u);
}

TEST_F(Config, TheBindingListensWhereverItIsTold) {
  const auto expect_two = [](const CommandLine& line) {
    const auto& listen = line.serve.value().binding_listen;
    ASSERT_EQ(listen.size(), 2u);
    EXPECT_EQ(std::get<TcpAddress>(listen[0]).port, 1);
    EXPECT_EQ(std::get<UnixAddress>(listen[1]).path, "/run/kv.sock");
  };
  expect_two(read({"--binding-listen", "[::1]:1", "--binding-listen", "unix:/run/kv.sock"}));
  expect_two(read(file("binding-listen = ['[::1]:1', 'unix:/run/kv.sock']")));
  set("CUBBY_BINDING_LISTEN", "[::1]:1,unix:/run/kv.sock");
  expect_two(read({}));
  clear();
  EXPECT_TRUE(read({"--binding-listen", "none"}).serve.value().binding_listen.empty());
  expect_complaint({"--binding-listen", "nowhere"}, "--binding-listen");
  expect_complaint({"--binding-listen", "unix:"}, "--binding-listen");
}

TEST_F(Config, TakesSwitchesFromEverywhere) {
  EXPECT_TRUE(read({"--dev-clock"}).serve.value().dev_clock);
  EXPECT_TRUE(read(file("auto-create-namespaces = true")).serve.value().auto_create_namespaces);
  EXPECT_FALSE(read(file("auto-create-namespaces = false")).serve.value().auto_create_namespaces);
  set("CUBBY_AUTO_CREATE_NAMESPACES", "true");
  EXPECT_TRUE(read({}).serve.value().auto_create_namespaces);
}

TEST_F(Config, WhatOpensDoorsIsForThisMachineAlone) {
  EXPECT_EQ(read({"--binding-auth", "none"}).serve.value().binding_auth, BindingAuth::none);
  EXPECT_TRUE(read({"--binding-auth=none", "--binding-listen=unix:/k", "--binding-listen=[::1]:0"}).serve);
  expect_complaint({"--binding-auth", "none", "--binding-listen", "0.0.0.0:0"}, "--binding-auth");
  expect_complaint({"--binding-auth", "none", "--binding-listen", "[::]:0"}, "--binding-auth");
  expect_complaint({"--binding-auth", "never"}, "--binding-auth");
  expect_complaint({"--dev-clock", "--listen", "0.0.0.0:0"}, "--dev-clock");
  expect_complaint({"--value-bytes-max", "26214401"}, "--value-bytes-max");
}

TEST_F(Config, TakesTheSocketsThatItsParentHandsOver) {
  set("LISTEN_FDS", "2");
  set("LISTEN_FDNAMES", "binding:api");
  const auto config = read({}).serve.value();
  ASSERT_EQ(config.binding_listen.size(), 1u);
  EXPECT_EQ(std::get<InheritedSocket>(config.binding_listen[0]).descriptor, 3);
  EXPECT_EQ(std::get<InheritedSocket>(config.listen).descriptor, 4);
  set("LISTEN_PID", "1");  // they are another process's
  EXPECT_TRUE(std::holds_alternative<TcpAddress>(read({}).serve.value().listen));
  set("LISTEN_PID", std::to_string(::getpid()));
  set("LISTEN_FDNAMES", "binding:cubby.socket");
  expect_complaint({}, "LISTEN_FDNAMES");
}

TEST_F(Config, HelpsAndTellsItsVersionWithoutServing) {
  EXPECT_FALSE(read({"--help"}).serve);
  EXPECT_NE(printed_.find("CUBBY_DATA_DIR"), std::string::npos);
  EXPECT_FALSE(read({}, "--version").serve);
  EXPECT_EQ(printed_, "cubby " CUBBY_VERSION "\n");
  const CommandLine unknown = read({}, "fly");
  EXPECT_FALSE(unknown.serve);
  EXPECT_NE(unknown.exit_code, 0);
}

TEST_F(Config, DurabilityIsSyncUnlessItIsRelaxed) {
  EXPECT_EQ(read({}).serve->durability, Durability::sync);
  EXPECT_EQ(read({"--durability", "relaxed"}).serve->durability, Durability::relaxed);
  EXPECT_FALSE(read({"--durability", "none"}).serve);
}

TEST_F(Config, TheCacheIsAQuarterOfTheMemoryUnlessItIsSaid) {
  EXPECT_GT(read({}).serve->cache_bytes, 0u);
  EXPECT_EQ(read({"--cache-bytes", "1000000"}).serve->cache_bytes, 1'000'000u);
}

TEST_F(Config, CheckTakesADirectory) {
  const CommandLine command = read({"--data-dir", "/some/where", "--repair"}, "check");

  EXPECT_FALSE(command.serve);
  EXPECT_EQ(command.check->data_directory, "/some/where");
  EXPECT_TRUE(command.check->repairs_usage);
  EXPECT_FALSE(read({}, "check").check->repairs_usage);
}

}  // namespace
}  // namespace cubby
