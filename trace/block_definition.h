// SPDX-License-Identifier: Apache-2.0
// What the numbers of executions (EngineObserver::OnExecuted) refer to, of a block of the engine.
#ifndef VERBATIM_TRACE_BLOCK_DEFINITION_H_
#define VERBATIM_TRACE_BLOCK_DEFINITION_H_

#include "engine/engine_observer.h"
#include "trace/binary_format.h"

namespace verbatim {

[[nodiscard]] BlockDefinition DefinitionOf(const TranslatedBlock& translated);

}  // namespace verbatim

#endif  // VERBATIM_TRACE_BLOCK_DEFINITION_H_
