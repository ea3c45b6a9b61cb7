//===- Programs.cpp - Programs for the interpreter to run -*- C++ -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Programs.h"
#include "longnet/Dialect/LongNet/IR/LongNet.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using llvm::Expected;
using llvm::formatv;

namespace longnet::test {

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

MLIRContext &getContext() {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    registry.insert<LongNetDialect, affine::AffineDialect, arith::ArithDialect,
                    func::FuncDialect, linalg::LinalgDialect, scf::SCFDialect,
                    tensor::TensorDialect>();
    auto *context = new MLIRContext(registry);
    context->allowUnregisteredDialects();
    return context;
  }();
  return *context;
}

Type getF64() { return Float64Type::get(&getContext()); }
Type getIndex() { return IndexType::get(&getContext()); }

Expected<Values> run(StringRef text, ArrayRef<RuntimeValue> arguments) {
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(text, ParserConfig(&getContext()), "input");
  if (!module)
    return llvm::createStringError("cannot parse\n" + text);
  return interpret(module->lookupSymbol<func::FuncOp>("main"), arguments);
}

std::string runToError(StringRef text, ArrayRef<RuntimeValue> arguments) {
  Expected<Values> results = run(text, arguments);
  return results ? "no error" : llvm::toString(results.takeError());
}

RuntimeTensor makeFloats(ArrayRef<int64_t> shape, ArrayRef<double> values) {
  RuntimeTensor tensor = llvm::cantFail(RuntimeTensor::create(getF64(), shape));
  llvm::copy(values, tensor.getMutableFloats().begin());
  return tensor;
}

RuntimeTensor makeInts(ArrayRef<int64_t> shape, ArrayRef<int64_t> values) {
  RuntimeTensor tensor =
      llvm::cantFail(RuntimeTensor::create(getIndex(), shape));
  llvm::copy(values, tensor.getMutableInts().begin());
  return tensor;
}

double Generator::next() {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return double(state >> 40) / (1 << 23) - 1;
}

RuntimeTensor Generator::makeTensor(ArrayRef<int64_t> shape) {
  RuntimeTensor tensor = llvm::cantFail(RuntimeTensor::create(getF64(), shape));
  for (double &value : tensor.getMutableFloats())
    value = next();
  return tensor;
}

//===----------------------------------------------------------------------===//
// Problems
//===----------------------------------------------------------------------===//

bool Problem::isPadded() const {
  return StringRef(branches.front()).contains("torchscale");
}

bool Problem::isAligned() const {
  return llvm::all_of(branches, [](StringRef text) {
    auto branch = cast<BranchAttr>(
        parseAttribute(("#longnet.branch" + text).str(), &getContext()));
    return branch.isAligned(ShapedType::kDynamic);
  });
}

Values makeArguments(const Problem &p) {
  Generator generator(1);
  Values arguments;
  arguments.push_back(
      generator.makeTensor({p.batch, p.queryHeads, p.queries, p.headDim}));
  arguments.push_back(
      generator.makeTensor({p.batch, p.keyHeads, p.keys, p.headDim}));
  arguments.push_back(
      generator.makeTensor({p.batch, p.keyHeads, p.keys, p.valueDim}));
  arguments.push_back(p.queryOffset.value_or(0));
  std::vector<int64_t> lengths = p.lengths;
  lengths.resize(p.batch);
  arguments.push_back(makeInts({p.batch}, lengths));
  return arguments;
}

namespace {

/// A program's text, in which $NAME stands for what is common to all of them.
class Writer {
public:
  explicit Writer(const Problem &problem) : p(problem) {
    names = {
        {"$QUERIES",
         formatv("tensor<?x{0}x?x{1}xf64>", p.queryHeads, p.headDim).str()},
        {"$KEYS", formatv("tensor<?x?x?x{0}xf64>", p.headDim).str()},
        {"$VALUES", formatv("tensor<?x?x?x{0}xf64>", p.valueDim).str()},
        {"$OUT",
         formatv("tensor<?x{0}x?x{1}xf64>", p.queryHeads, p.valueDim).str()},
        {"$LSE", formatv("tensor<?x{0}x?xf64>", p.queryHeads).str()},
        {"$HEADS", std::to_string(p.queryHeads)},
        {"$D", std::to_string(p.headDim)},
        {"$V", std::to_string(p.valueDim)},
        {"$CAUSAL", p.causal ? "causal" : ""},
        {"$SCALE", p.scale ? formatv("scale = {0:e}", *p.scale).str() : ""},
        {"$BRANCHES", "[" + llvm::join(p.branches, ", ") + "]"},
    };
  }

  void operator()(std::string line) {
    // Longer names first: $V begins $VALUES.
    for (const auto &[name, meaning] : names)
      for (size_t at; (at = line.find(name)) != std::string::npos;)
        line.replace(at, name.size(), meaning);
    text += line + "\n";
  }

  void begin() {
    (*this)("func.func @main(%q: $QUERIES, %k: $KEYS, %v: $VALUES, "
            "%offset: index, %lengths: tensor<?xindex>) -> ($OUT, $LSE) {\n"
            "  %c0 = arith.constant 0 : index\n"
            "  %c1 = arith.constant 1 : index\n"
            "  %c2 = arith.constant 2 : index\n"
            "  %b = tensor.dim %q, %c0 : $QUERIES\n"
            "  %h = tensor.dim %q, %c1 : $QUERIES\n"
            "  %n = tensor.dim %q, %c2 : $QUERIES\n"
            "  %eo = tensor.empty(%b, %n) : $OUT\n"
            "  %el = tensor.empty(%b, %n) : $LSE");
  }

  std::string end(StringRef out, StringRef lse) {
    (*this)(formatv("  return {0}, {1} : $OUT, $LSE\n}", out, lse));
    return text;
  }

  std::string lengths(StringRef value = "%lengths : tensor<?xindex>") const {
    return p.lengths.empty() ? "" : ("kv_lengths(" + value + ")").str();
  }

private:
  const Problem &p;
  std::vector<std::pair<std::string, std::string>> names;
  std::string text;
};

} // namespace

std::string writeAttention(const Problem &p) {
  Writer write(p);
  write.begin();
  write("  %out, %lse = longnet.dilated_attention %q, %k, %v");
  if (p.queryOffset)
    write("    query_offset %offset");
  if (!p.lengths.empty())
    write("    kv_lengths %lengths : tensor<?xindex>");
  write("    branches = $BRANCHES $CAUSAL $SCALE");
  write("    : ($QUERIES, $KEYS, $VALUES) -> ($OUT, $LSE)");
  return write.end("%out", "%lse");
}

std::string writePieces(const Problem &p) {
  Writer write(p);
  write.begin();
  write("  %heads = arith.constant $HEADS : index");
  std::vector<std::string> outs, lses, outTypes, lseTypes;
  std::string rows =
      formatv("tensor<?x{0}x?x?x{1}xf64>", p.queryHeads, p.headDim);
  std::string valueRows =
      formatv("tensor<?x{0}x?x?x{1}xf64>", p.queryHeads, p.valueDim);
  std::string rowsLse = formatv("tensor<?x{0}x?x?xf64>", p.queryHeads);
  std::string at = formatv("tensor<{0}x?x?xindex>", p.queryHeads);
  std::string keySegments = formatv("tensor<?x?x?x?x{0}xf64>", p.headDim);
  std::string valueSegments = formatv("tensor<?x?x?x?x{0}xf64>", p.valueDim);
  std::string origin = p.queryOffset ? "origin %offset" : "";
  for (auto [i, branch] : llvm::enumerate(p.branches)) {
    auto parsed = cast<BranchAttr>(
        parseAttribute("#longnet.branch" + branch, &getContext()));
    write(formatv("  %qs{0}, %qg{0} = longnet.segment %q by {1} {2} : "
                  "($QUERIES) -> ({3}), tensor<?x?xindex>",
                  i, parsed.getSegment(), origin, rows));
    write(formatv("  %ks{0}:2, %kg{0} = longnet.segment %k, %v by {1} grid "
                  "%qg{0} : tensor<?x?xindex> : ($KEYS, $VALUES) -> ({2}, "
                  "{3}), tensor<?x?xindex>",
                  i, parsed.getSegment(), keySegments, valueSegments));
    write(formatv("  %qr{0}, %qp{0} = longnet.sparsify {1} %qs{0} at %qg{0} : "
                  "({2}), tensor<?x?xindex> -> ({2}), {3}",
                  i, branch, rows, at));
    write(formatv("  %kr{0}:2, %kp{0} = longnet.sparsify {1} %ks{0}#0, "
                  "%ks{0}#1 at %kg{0} heads %heads : ({2}, {3}), "
                  "tensor<?x?xindex> -> ({4}, {5}), {6}",
                  i, branch, keySegments, valueSegments, rows, valueRows, at));
    write(formatv("  %g{0} = tensor.dim %qp{0}, %c1 : {1}\n"
                  "  %m{0} = tensor.dim %qp{0}, %c2 : {1}",
                  i, at));
    write(formatv("  %ro{0} = tensor.empty(%b, %g{0}, %m{0}) : {1}\n"
                  "  %rl{0} = tensor.empty(%b, %g{0}, %m{0}) : {2}",
                  i, valueRows, rowsLse));
    write(formatv("  %a{0}:2 = longnet.attention $CAUSAL $SCALE "
                  "ins(%qr{0}, %kr{0}#0, %kr{0}#1 : {1}, {1}, {2}) "
                  "at(%qp{0}, %kp{0} : {3}, {3}) {4} "
                  "outs(%ro{0}, %rl{0} : {2}, {5}) -> {2}, {5}",
                  i, rows, valueRows, at, write.lengths(), rowsLse));
    write(formatv("  %s{0}:2 = longnet.scatter %a{0}#0, %a{0}#1 at %qp{0} "
                  "into %n {1} : ({2}, {3}), {4} -> ($OUT, $LSE)",
                  i, origin, valueRows, rowsLse, at));
    outs.push_back(formatv("%s{0}#0", i));
    lses.push_back(formatv("%s{0}#1", i));
    outTypes.push_back("$OUT");
    lseTypes.push_back("$LSE");
  }
  write(formatv("  %out, %lse = longnet.combine({0}), ({1}) : ({2}), ({3}) -> "
                "($OUT, $LSE)",
                llvm::join(outs, ", "), llvm::join(lses, ", "),
                llvm::join(outTypes, ", "), llvm::join(lseTypes, ", ")));
  return write.end("%out", "%lse");
}

std::string writeAttend(const Problem &p) {
  Writer write(p);
  write.begin();
  write("  %r:2 = longnet.attend $BRANCHES $CAUSAL $SCALE");
  if (p.queryOffset)
    write("    query_offset %offset");
  write("    ins(%q, %k, %v : $QUERIES, $KEYS, $VALUES) " + write.lengths());
  write("    outs(%eo, %el : $OUT, $LSE) -> $OUT, $LSE");
  return write.end("%r#0", "%r#1");
}

std::string writeChain(const Problem &p) {
  Writer write(p);
  write.begin();
  std::string out = "%eo", lse = "%el";
  for (auto [i, branch] : llvm::enumerate(p.branches)) {
    write(formatv("  %r{0}:2 = longnet.attend [{1}] {2} $CAUSAL $SCALE", i,
                  branch, i == 0 ? "" : "accumulate"));
    if (p.queryOffset)
      write("    query_offset %offset");
    write("    ins(%q, %k, %v : $QUERIES, $KEYS, $VALUES) " + write.lengths());
    write(formatv("    outs({0}, {1} : $OUT, $LSE) -> $OUT, $LSE", out, lse));
    out = formatv("%r{0}#0", i);
    lse = formatv("%r{0}#1", i);
  }
  return write.end(out, lse);
}

std::string writeTiles(const Problem &p, int64_t chunk, int64_t keyChunk) {
  Writer write(p);
  write.begin();
  write(formatv(R"(
  %hk = tensor.dim %k, %c1 : $KEYS
  %nk = tensor.dim %k, %c2 : $KEYS
  %zero = arith.constant 0.0 : f64
  %none = arith.constant 0xFFF0000000000000 : f64
  %step = arith.constant {1} : index
  %r:2 = scf.forall (%i, %j, %x) = (0, 0, 0) to (%b, $HEADS, %n) step (1, 1, {0})
      shared_outs(%o = %eo, %l = %el) -> ($OUT, $LSE) {{
    %m = affine.min affine_map<(d0)[s0] -> ({0}, s0 - d0)>(%x)[%n]
    %g = affine.apply affine_map<(d0)[s0, s1] -> ((d0 * s0) floordiv s1)>(%j)[%hk, %h]
    %at = affine.apply affine_map<(d0)[s0] -> (d0 + s0)>(%x)[%offset]
    %q1 = tensor.extract_slice %q[%i, %j, %x, 0] [1, 1, %m, $D] [1, 1, 1, 1]
        : $QUERIES to tensor<1x1x?x$Dxf64>
    %o1 = tensor.extract_slice %o[%i, %j, %x, 0] [1, 1, %m, $V] [1, 1, 1, 1]
        : $OUT to tensor<1x1x?x$Vxf64>
    %l1 = tensor.extract_slice %l[%i, %j, %x] [1, 1, %m] [1, 1, 1]
        : $LSE to tensor<1x1x?xf64>
    %length = tensor.extract_slice %lengths[%i] [1] [1]
        : tensor<?xindex> to tensor<1xindex>
    %o2 = linalg.fill ins(%zero : f64) outs(%o1 : tensor<1x1x?x$Vxf64>) -> tensor<1x1x?x$Vxf64>
    %l2 = linalg.fill ins(%none : f64) outs(%l1 : tensor<1x1x?xf64>) -> tensor<1x1x?xf64>
    %f:2 = scf.for %t = %c0 to %nk step %step iter_args(%o3 = %o2, %l3 = %l2)
        -> (tensor<1x1x?x$Vxf64>, tensor<1x1x?xf64>) {{
      %rest = arith.subi %nk, %t : index
      %len = arith.minsi %rest, %step : index
      %k1 = tensor.extract_slice %k[%i, %g, %t, 0] [1, 1, %len, $D] [1, 1, 1, 1]
          : $KEYS to tensor<1x1x?x$Dxf64>
      %v1 = tensor.extract_slice %v[%i, %g, %t, 0] [1, 1, %len, $V] [1, 1, 1, 1]
          : $VALUES to tensor<1x1x?x$Vxf64>
      %a:2 = longnet.attend $BRANCHES accumulate $CAUSAL $SCALE
          query_offset %at key_offset %t heads %j of %h
          ins(%q1, %k1, %v1 : tensor<1x1x?x$Dxf64>, tensor<1x1x?x$Dxf64>, tensor<1x1x?x$Vxf64>)
          {2}
          outs(%o3, %l3 : tensor<1x1x?x$Vxf64>, tensor<1x1x?xf64>)
          -> tensor<1x1x?x$Vxf64>, tensor<1x1x?xf64>
      scf.yield %a#0, %a#1 : tensor<1x1x?x$Vxf64>, tensor<1x1x?xf64>
    }
    scf.forall.in_parallel {{
      tensor.parallel_insert_slice %f#0 into %o[%i, %j, %x, 0] [1, 1, %m, $V] [1, 1, 1, 1]
          : tensor<1x1x?x$Vxf64> into $OUT
      tensor.parallel_insert_slice %f#1 into %l[%i, %j, %x] [1, 1, %m] [1, 1, 1]
          : tensor<1x1x?xf64> into $LSE
    }
  })",
                chunk, keyChunk, write.lengths("%length : tensor<1xindex>")));
  return write.end("%r#0", "%r#1");
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

Result runProblem(StringRef text, ArrayRef<RuntimeValue> arguments) {
  Expected<Values> results = run(text, arguments);
  if (!results) {
    ADD_FAILURE() << llvm::toString(results.takeError()) << "\n" << text.str();
    return {makeFloats({0}, {}), makeFloats({0}, {})};
  }
  return {std::get<RuntimeTensor>((*results)[0]),
          std::get<RuntimeTensor>((*results)[1])};
}

double getDifference(const RuntimeTensor &a, const RuntimeTensor &b) {
  if (a.getShape() != b.getShape())
    return INFINITY;
  double largest = 0;
  for (auto [x, y] : llvm::zip(a.getFloats(), b.getFloats())) {
    if (x == y || (std::isnan(x) && std::isnan(y)))
      continue;
    double difference = std::abs(x - y) / std::max(1.0, std::abs(x));
    largest = std::isnan(difference) ? INFINITY : std::max(largest, difference);
  }
  return largest;
}

double getDifference(const Result &a, const Result &b) {
  return std::max(getDifference(a.out, b.out), getDifference(a.lse, b.lse));
}

} // namespace longnet::test
