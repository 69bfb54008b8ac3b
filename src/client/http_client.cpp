#include "client/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "wire/names.hpp"

namespace cubby::client {
namespace {

constexpr long connect_seconds_max = 10;
constexpr long silent_seconds_max = 90;  // a bulk write of 100 MB takes a while to be answered
constexpr std::chrono::milliseconds first_wait{500};
constexpr std::chrono::milliseconds last_wait{8000};
constexpr std::chrono::seconds retry_after_max{3600};

// What one attempt passes to and fro.
struct Exchange {
  const HttpRequest& request;
  HttpAnswer answer{};
  CURL* curl = nullptr;
  bool has_delivered = false;  // to the sink
  bool is_sink_full = false;   // it wants no more
  bool is_source_bad = false;  // it could not be read
};

std::size_t read_upload(char* buffer, std::size_t size, std::size_t count, void* upload) {
  const auto read = static_cast<Upload*>(upload)->read(buffer, size * count);
  return read ? *read : static_cast<std::size_t>(CURL_READFUNC_ABORT);
}

int seek_upload(void* upload, curl_off_t offset, int origin) {
  const bool is_start = offset == 0 && origin == SEEK_SET;
  return is_start && static_cast<Upload*>(upload)->rewind() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK;
}

std::size_t take_body(const char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view piece(bytes, size * count);
  long status = 0;
  curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
  if (!exchange.request.sink || status < 200 || status >= 300) {
    exchange.answer.body += piece;
    return piece.size();
  }
  exchange.has_delivered = true;
  exchange.is_sink_full = !exchange.request.sink(piece);
  return exchange.is_sink_full ? 0 : piece.size();
}

std::size_t take_header(const char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& answer = static_cast<Exchange*>(user)->answer;
  const std::string_view line(bytes, size * count);
  const auto colon = line.find(':');
  if (colon == line.npos) {
    if (line.starts_with("HTTP/")) answer = {};  // a new head, after an interim one
    return line.size();
  }
  std::string name(line.substr(0, colon));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
  if (name == names::header::expiration) answer.expiration = value;
  if (name == names::header::should_retry) answer.should_retry = value == "true";
  if (name == names::header::retry_after) {
    std::int64_t seconds = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc{} && stop == value.data() + value.size() && seconds >= 0) {
      answer.retry_after = std::min(std::chrono::seconds(seconds), retry_after_max);
    } else if (const std::time_t date = curl_getdate(std::string(value).c_str(), nullptr); date >= 0) {
      answer.retry_after =
          std::clamp(Instant(std::chrono::seconds(date)) - whole_seconds(SystemClock().now()),
                     std::chrono::seconds(0), retry_after_max);
    }
  }
  return line.size();
}

struct FreeHeaders {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeForm {
  void operator()(curl_mime* form) const { curl_mime_free(form); }
};
using Headers = std::unique_ptr<curl_slist, FreeHeaders>;
using Form = std::unique_ptr<curl_mime, FreeForm>;

void add_header(Headers& headers, const std::string& line) {
  headers.reset(curl_slist_append(headers.release(), line.c_str()));
}

curl_off_t size_of(const Upload& upload) {
  return upload.size() ? static_cast<curl_off_t>(*upload.size()) : -1;
}

// The parts `value` and `metadata`, as wrangler names them.
Form make_form(CURL* curl, const HttpRequest& request) {
  Form form(curl_mime_init(curl));
  curl_mimepart* const value = curl_mime_addpart(form.get());
  curl_mime_name(value, names::field::value.data());
  curl_mime_type(value, names::media::octets.data());
  curl_mime_filename(value, "blob");
  curl_mime_data_cb(value, size_of(*request.upload), read_upload, seek_upload, nullptr, request.upload);
  curl_mimepart* const metadata = curl_mime_addpart(form.get());
  curl_mime_name(metadata, names::field::metadata.data());
  curl_mime_data(metadata, request.metadata->data(), request.metadata->size());
  return form;
}

// What is sent, and how. Answers the form, which must outlive the attempt.
Form set_body(CURL* curl, const HttpRequest& request, Headers& headers) {
  if (request.upload && request.metadata) {
    Form form = make_form(curl, request);
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, form.get());
    return form;
  }
  if (request.upload) {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_upload);
    curl_easy_setopt(curl, CURLOPT_READDATA, request.upload);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_upload);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, request.upload);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, size_of(*request.upload));
  } else if (!request.content_type.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  if (!request.content_type.empty()) add_header(headers, "content-type: " + request.content_type);
  return nullptr;
}

std::string advice_for(CURLcode code, const Connection& connection) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return "is the server running? The base URL is " + connection.base_url +
             "; --base-url or CLOUDFLARE_API_BASE_URL sets it";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return "--ca-file names the PEM file of an authority of your own";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return "a base URL is like https://api.cloudflare.com/client/v4 or http://127.0.0.1:8484/client/v4";
    default:
      return {};
  }
}

// Whether the server cannot have the request after such an end.
bool is_before_sending(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
      return true;
    default:
      return false;
  }
}

bool may_pass(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<std::chrono::milliseconds> wait_before_retry(const HttpAnswer* answer, bool is_sent,
                                                           bool is_repeatable, unsigned attempt) {
  const auto growing = std::min(last_wait, first_wait * (1 << std::min(attempt, 10u)));
  if (!answer) return is_sent && !is_repeatable ? std::nullopt : std::optional(growing);
  const bool was_not_carried_out = answer->status == 429 || (answer->status == 503 && answer->retry_after);
  const bool is_worth_it = answer->status == 408 || answer->status == 429 || answer->status >= 500;
  if (!answer->should_retry.value_or(is_worth_it)) return std::nullopt;
  if (!is_repeatable && !was_not_carried_out) return std::nullopt;
  return answer->retry_after ? std::chrono::milliseconds(*answer->retry_after) : growing;
}

struct HttpClient::Attempt {
  CURLcode code = CURLE_OK;
  HttpAnswer answer{};
  bool is_final = false;  // part of the answer has been given away, or the value could not be read
  std::string error{};
};

HttpClient::HttpClient(const Connection& connection) : connection_(connection) {
  [[maybe_unused]] static const CURLcode is_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  curl_ = curl_easy_init();
}

HttpClient::~HttpClient() {
  curl_easy_cleanup(curl_);
}

HttpClient::Attempt HttpClient::attempt(const HttpRequest& request) {
  CURL* const curl = curl_;
  curl_easy_reset(curl);  // keeps the connection
  Exchange exchange{.request = request, .curl = curl};
  Headers headers;
  add_header(headers, "authorization: Bearer " + connection_.token);
  add_header(headers, "expect:");  // no wait for a permission that always comes
  const std::string url = connection_.base_url + request.target;
  char error[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "cubby/" CUBBY_VERSION);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_seconds_max);
  if (request.is_patient) {
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);  // a server that is gone is noticed
  } else {
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, silent_seconds_max);
  }
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, static_cast<long>(4 * limits::body_piece_bytes));
  curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, static_cast<long>(4 * limits::body_piece_bytes));
  if (!connection_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, connection_.ca_file.c_str());
  const Form form = set_body(curl, request, headers);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  exchange.answer.status = static_cast<unsigned>(status);
  Attempt result{.code = code, .answer = std::move(exchange.answer), .error = error};
  result.is_final = exchange.has_delivered || code == CURLE_ABORTED_BY_CALLBACK;
  if (code == CURLE_ABORTED_BY_CALLBACK) result.error = "the value could not be read to its end";
  if (exchange.is_sink_full) result.error = "the answer could not be written";
  if (result.error.empty()) result.error = curl_easy_strerror(code);
  return result;
}

Outcome<HttpAnswer> HttpClient::send(const HttpRequest& request) {
  for (unsigned count = 0;; ++count) {
    std::this_thread::sleep_until(connection_.pacer->reserve(std::chrono::steady_clock::now()));
    Attempt made = attempt(request);
    const bool is_answered = made.code == CURLE_OK;
    std::optional<std::chrono::milliseconds> wait;
    if (is_answered)
      wait = wait_before_retry(&made.answer, true, request.is_repeatable, count);
    else if (!made.is_final && may_pass(made.code))
      wait = wait_before_retry(nullptr, !is_before_sending(made.code), request.is_repeatable, count);
    if (!wait || count >= connection_.retries || (request.upload && !request.upload->rewind())) {
      if (is_answered) return std::move(made.answer);
      return failed(connection_.base_url + ": " + made.error, advice_for(made.code, connection_));
    }
    const auto time = std::chrono::steady_clock::now() + *wait;
    // A limit is meant for all calls, a failure for this one.
    if (made.answer.status == 429) connection_.pacer->hold_until(time);
    std::this_thread::sleep_until(time);
  }
}

}  // namespace cubby::client
