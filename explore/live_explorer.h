// SPDX-License-Identifier: Apache-2.0
// The page of a guest that runs: `run --explore`.
//
// The guest's thread hands over what it observes, as bytes and numbers, and goes on: the lock that
// it takes is held for a few instructions by either side. All else happens on the server's thread,
// whose the model is. A guest that is too far ahead waits until the server has taken what there is:
// nothing is lost. No browser can make it wait, since the server waits for none.
#ifndef VERBATIM_EXPLORE_LIVE_EXPLORER_H_
#define VERBATIM_EXPLORE_LIVE_EXPLORER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/engine_observer.h"
#include "explore/encoding.h"
#include "explore/http_server.h"
#include "explore/run_model.h"
#include "trace/event_description.h"
#include "trace/symbol_table.h"

namespace verbatim {

class LiveExplorer final : public EngineObserver {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LiveExplorer>> Create(const LoopbackAddress& address,
                                                                    SymbolTable symbols,
                                                                    std::string title);

  // Serves from now on; before the machine runs.
  void Start();
  [[nodiscard]] std::string url() const { return "http://" + server_->authority() + "/"; }
  [[nodiscard]] int listening_socket() const { return server_->listening_socket(); }

  [[nodiscard]] Observations Wants() const override;
  void OnBlockTranslated(const TranslatedBlock& translated) override;
  void OnExecuted(std::span<const uint32_t> entries) override;
  void OnEvent(const CpuState& cpu, uint32_t eip, const EngineEvent& event) override;

 private:
  // Of what was handed over and not taken yet. The server is woken for less. Both are small, so
  // that a guest waits for milliseconds: as long as the server counts what it has taken.
  static constexpr size_t kMaxPending = 16 << 20;
  static constexpr size_t kWakeBytes = 4 << 20;
  // Figures are made anew this often at most, whoever asks how often.
  static constexpr uint64_t kFiguresPeriodNs = 500'000'000;

  using Item = std::variant<BlockDefinition, HostNames, TraceEvent, std::vector<uint32_t>>;

  LiveExplorer(std::unique_ptr<HttpServer> server, SymbolTable symbols, std::string title);
  // On the guest's thread, in this order; they take `bytes`.
  template <typename... Items>
  void HandOver(size_t bytes, Items&&... items);

  // On the server's thread.
  void TakeOver();
  [[nodiscard]] HttpAnswer Answer(std::string_view path);

  std::mutex mutex_;
  std::vector<Item> pending_;  // under the lock
  size_t pending_bytes_ = 0;   // likewise
  std::condition_variable taken_;

  // The guest's thread.
  EventDescriber describer_;
  bool named_ = false;
  const uint64_t start_ns_;

  // The server's thread.
  const SymbolTable symbols_;
  const std::string title_;
  RunModel model_;
  Encoder encoder_;
  std::shared_ptr<const std::string> page_;
  std::shared_ptr<const std::string> figures_;
  uint64_t figures_ns_ = 0;  // when they were made

  std::unique_ptr<HttpServer> server_;  // ends first
};

}  // namespace verbatim

#endif  // VERBATIM_EXPLORE_LIVE_EXPLORER_H_
