//===- RunOptions.cpp - The command line of longnet-run -*- C++ -*-=========//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunOptions.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace longnet;

RunOptions::RunOptions()
    : file(cl::Positional, cl::desc("[IN.mlir]"), cl::cat(getToolCategory())),
      entry("entry", cl::cat(getToolCategory()), cl::value_desc("name"),
            cl::desc("Function of the file to run; the only public one unless "
                     "given")),
      keyLengths("kv-lengths", cl::cat(getToolCategory()),
                 cl::value_desc("file"),
                 cl::desc("With --pattern: valid keys of each batch entry, a "
                          ".npy file")),
      json("json", cl::cat(getToolCategory()), cl::value_desc("file"),
           cl::desc("With --repeat: write times, memory and rates here")),
      queryOffset("query-offset", cl::cat(getToolCategory()),
                  cl::value_desc("row"),
                  cl::desc("With --pattern: global position of the first "
                           "query")),
      threads("threads", cl::cat(getToolCategory()), cl::value_desc("count"),
              cl::desc("Threads to use; all cores unless given")),
      repeat("repeat", cl::cat(getToolCategory()), cl::value_desc("count"),
             cl::desc("Measure this many runs, after one to warm up")),
      reference("reference", cl::cat(getToolCategory()),
                cl::desc("Compute with the float64 interpreter instead of "
                         "compiled code")),
      inputs("input", cl::cat(getToolCategory()), cl::value_desc("file"),
             cl::desc("A .npy file for the next argument, or a number; with "
                      "--pattern query, key and value")),
      outputs("output", cl::cat(getToolCategory()), cl::value_desc("file"),
              cl::desc("A .npy file for the next result; with --pattern the "
                       "output and its lse")) {}

Error RunOptions::check() const {
  bool hasFile = file.getNumOccurrences() > 0;
  if (hasFile == attention.isGiven())
    return createStringError("expects either a file or --pattern");
  if (hasFile) {
    if (Error error = attention.checkUnused())
      return error;
    for (const cl::Option *option :
         {static_cast<const cl::Option *>(&keyLengths),
          static_cast<const cl::Option *>(&queryOffset)})
      if (option->getNumOccurrences() > 0)
        return createStringError("--" + option->ArgStr + " needs --pattern");
  } else if (entry.getNumOccurrences() > 0) {
    return createStringError("--entry needs a file");
  }
  // More threads than this no machine has, and the OpenMP runtime aborts where
  // it cannot start them.
  for (auto [option, largest] :
       {std::pair(&threads, 1024), std::pair(&repeat, 1 << 20)})
    if (option->getNumOccurrences() > 0 && (*option < 1 || *option > largest))
      return createStringError("--" + option->ArgStr +
                               ": expects a number in [1, " + Twine(largest) +
                               "], got " + Twine(option->getValue()));
  if (json.getNumOccurrences() > 0 && repeat.getNumOccurrences() == 0)
    return createStringError("--json needs --repeat");
  if (reference && repeat.getNumOccurrences() > 0)
    return createStringError(
        "--repeat measures compiled code, not --reference");
  StringSet<> names;
  SmallVector<std::string> written(outputs.begin(), outputs.end());
  if (!json.empty())
    written.push_back(json);
  for (const std::string &path : written)
    if (!names.insert(path).second)
      return createFileError(path, createStringError("is given twice"));
  for (const std::string &path : outputs)
    if (Error error = checkWritable(path))
      return error;
  return json.empty() ? Error::success() : checkWritable(json);
}
