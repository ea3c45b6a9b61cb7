//===- Link.cpp - The system's linker -*- C++ -*-===========================//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Link.h"
#include "TargetConfig.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace llvm;

/// A compiler that links for `triple`.
static Expected<std::string> findLinker(const Triple &triple, bool isHost) {
  SmallVector<std::string> names;
  if (isHost) {
    names = {"cc", "clang-" LONGNET_LLVM_VERSION_MAJOR, "clang", "gcc"};
  } else {
    std::string system =
        (triple.getOSName() + "-" + triple.getEnvironmentName()).str();
    names = {triple.str() + "-gcc",
             triple.getArchName().str() + "-" + system + "-gcc"};
  }
  for (const std::string &name : names)
    if (ErrorOr<std::string> program = sys::findProgramByName(name))
      return *program;
  return createStringError("no linker found, tried " + llvm::join(names, ", ") +
                           "; emit an object instead");
}

/// What the linker wrote to `path`, without the space around it.
static std::string readMessages(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().trim().str() : "";
}

Error longnet::linkSharedLibrary(StringRef object, StringRef output,
                                 const Triple &triple, bool isHost) {
  Expected<std::string> linker = findLinker(triple, isHost);
  if (!linker)
    return linker.takeError();
  SmallString<128> messages;
  if (std::error_code error =
          sys::fs::createTemporaryFile("longnet-link", "txt", messages))
    return errorCodeToError(error);
  scope_exit removeMessages([&] { (void)sys::fs::remove(messages); });

  SmallVector<StringRef> arguments = {*linker, "-shared", "-o",
                                      output,  object,    "-lm"};
  // The runtime of parallel loops is next to LLVM, not among the system's
  // libraries; a module without such loops does not need it.
  StringRef omp = isHost ? LONGNET_OMP_LIBRARY : "";
  std::string runPath;
  if (!omp.empty()) {
    runPath = ("-Wl,-rpath," + sys::path::parent_path(omp)).str();
    arguments.append({"-Wl,--as-needed", omp, runPath});
  }
  std::string message;
  int status = sys::ExecuteAndWait(
      *linker, arguments, std::nullopt,
      {std::nullopt, StringRef(messages), StringRef(messages)},
      /*SecondsToWait=*/0, /*MemoryLimit=*/0, &message);
  if (status == 0)
    return Error::success();
  return createStringError(
      "linking with '" + *linker +
      "' failed: " + (message.empty() ? readMessages(messages) : message));
}
