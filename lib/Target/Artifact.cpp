//===- Artifact.cpp - Files that a compilation ends in -*- C++ -*-==========//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "longnet/Target/Artifact.h"
#include "Link.h"
#include "longnet/Target/CodeGen.h"
#include "longnet/Target/TargetMachine.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

/// A file next to `path` that becomes `path` when it is complete.
static Expected<sys::fs::TempFile> createTemporary(StringRef path) {
  // Renaming onto a device would replace it.
  if (sys::fs::exists(path) && !sys::fs::is_regular_file(path))
    return createStringError("not a regular file");
  return sys::fs::TempFile::create(path + ".tmp-%%%%%%");
}

Error longnet::writeFile(StringRef path,
                         function_ref<Error(raw_ostream &)> write) {
  if (path == "-")
    return write(outs());
  Expected<sys::fs::TempFile> file = createTemporary(path);
  if (!file)
    return createFileError(path, file.takeError());
  raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
  Error error = write(stream);
  stream.flush();
  if (std::error_code code = stream.error()) {
    stream.clear_error();
    error = joinErrors(std::move(error),
                       createFileError(path, errorCodeToError(code)));
  }
  if (error)
    return joinErrors(std::move(error), file->discard());
  if (Error kept = file->keep(path))
    return createFileError(path, std::move(kept));
  return Error::success();
}

static Error writeShared(Module &module, TargetMachine &machine,
                         StringRef path) {
  Expected<std::unique_ptr<MemoryBuffer>> code =
      longnet::emitObject(module, machine);
  if (!code)
    return code.takeError();
  int descriptor;
  SmallString<128> object;
  if (std::error_code error =
          sys::fs::createTemporaryFile("longnet", "o", descriptor, object))
    return errorCodeToError(error);
  scope_exit removeObject([&] { (void)sys::fs::remove(object); });
  {
    raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    stream << (*code)->getBuffer();
  }
  Expected<sys::fs::TempFile> library = createTemporary(path);
  if (!library)
    return createFileError(path, library.takeError());
  if (Error error = longnet::linkSharedLibrary(object, library->TmpName,
                                               machine.getTargetTriple(),
                                               longnet::isHost(machine)))
    return joinErrors(std::move(error), library->discard());
  if (Error error = library->keep(path))
    return createFileError(path, std::move(error));
  return Error::success();
}

Error longnet::writeArtifact(Module &module, TargetMachine &machine,
                             Artifact artifact, StringRef path) {
  switch (artifact) {
  case Artifact::Shared:
    if (path == "-")
      return createStringError("a shared library needs a file to go to");
    return writeShared(module, machine, path);
  case Artifact::Object:
    return writeFile(path, [&](raw_ostream &stream) {
      return emitCode(module, machine, CodeGenFileType::ObjectFile, stream);
    });
  case Artifact::LLVM:
    return writeFile(path, [&](raw_ostream &stream) {
      stream << module;
      return Error::success();
    });
  case Artifact::Assembly:
    return writeFile(path, [&](raw_ostream &stream) {
      return emitCode(module, machine, CodeGenFileType::AssemblyFile, stream);
    });
  }
  llvm_unreachable("unknown artifact");
}
