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

static Values makeArguments(const Problem &p, Generator &generator) {
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

Values makeArguments(const Problem &p) {
  Generator generator(1);
  return makeArguments(p, generator);
}

Values makeGradientArguments(const Problem &p) {
  Generator generator(1);
  Values arguments = makeArguments(p, generator);
  arguments.push_back(
      generator.makeTensor({p.batch, p.queryHeads, p.queries, p.valueDim}));
  arguments.push_back(generator.makeTensor({p.batch, p.queryHeads, p.queries}));
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

  /// A function of a query, key, value, offset and lengths.
  void begin() {
    beginWith("", "$OUT, $LSE");
    (*this)("  %eo = tensor.empty(%b, %n) : $OUT\n"
            "  %el = tensor.empty(%b, %n) : $LSE");
  }

  /// A function that takes `others` as well.
  void beginWith(const std::string &others, const std::string &results) {
    (*this)("func.func @main(%q: $QUERIES, %k: $KEYS, %v: $VALUES, "
            "%offset: index, %lengths: tensor<?xindex>" +
            others + ") -> (" + results +
            ") {\n"
            "  %c0 = arith.constant 0 : index\n"
            "  %c1 = arith.constant 1 : index\n"
            "  %c2 = arith.constant 2 : index\n"
            "  %b = tensor.dim %q, %c0 : $QUERIES\n"
            "  %h = tensor.dim %q, %c1 : $QUERIES\n"
            "  %n = tensor.dim %q, %c2 : $QUERIES");
  }

  std::string end(StringRef out, StringRef lse) {
    return endWith(out + ", " + lse, "$OUT, $LSE");
  }

  std::string endWith(const Twine &values, StringRef types) {
    (*this)(("  return " + values + " : " + types + "\n}").str());
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
// Gradients
//===----------------------------------------------------------------------===//

static constexpr const char *gradientTypes = "$QUERIES, $KEYS, $VALUES";

std::string writeGradient(const Problem &p, bool detached) {
  Writer write(p);
  write.beginWith(", %dout: $OUT, %dlse: $LSE", gradientTypes);
  std::string options;
  if (p.queryOffset)
    options += " query_offset %offset";
  if (!p.lengths.empty())
    options += " kv_lengths %lengths : tensor<?xindex>";
  options += " branches = $BRANCHES $CAUSAL";
  write("  %out, %lse = longnet.dilated_attention %q, %k, %v" + options +
        " $SCALE : ($QUERIES, $KEYS, $VALUES) -> ($OUT, $LSE)");
  write("  %dq, %dk, %dv = longnet.dilated_attention_grad %q, %k, %v\n"
        "    results(%out, %lse : $OUT, $LSE) gradient(%dout : $OUT)\n"
        "    lse_gradient(%dlse : $LSE)" +
        options + (detached ? " detached" : "") +
        " $SCALE : $QUERIES, $KEYS, $VALUES");
  return write.endWith("%dq, %dk, %dv", gradientTypes);
}

/// Begins a function that adds up gradients, from zeros %dq, %dk and %dv on.
static void beginSum(Writer &write, const Problem &p) {
  std::string others = ", %dout: $OUT, %lse: $LSE";
  for (size_t i = 0; i < p.branches.size(); ++i)
    others += formatv(", %delta{0}: $LSE", i);
  write.beginWith(others, gradientTypes);
  write(R"(
  %bk = tensor.dim %k, %c0 : $KEYS
  %hk = tensor.dim %k, %c1 : $KEYS
  %nk = tensor.dim %k, %c2 : $KEYS
  %eq = tensor.empty(%b, %n) : $QUERIES
  %ek = tensor.empty(%bk, %hk, %nk) : $KEYS
  %ev = tensor.empty(%bk, %hk, %nk) : $VALUES
  %zero = arith.constant 0.0 : f64
  %dq = linalg.fill ins(%zero : f64) outs(%eq : $QUERIES) -> $QUERIES
  %dk = linalg.fill ins(%zero : f64) outs(%ek : $KEYS) -> $KEYS
  %dv = linalg.fill ins(%zero : f64) outs(%ev : $VALUES) -> $VALUES)");
}

/// Every branch's `attend_grad`, of operands that end in `suffix`: %q, %dq and
/// so on. Returns the name that the results have together.
static std::string
addBranches(Writer &write, const Problem &p, const std::string &suffix,
            const std::string &offsets, const std::string &lengths,
            const std::string &types, const std::string &rowTypes) {
  std::string query = "%dq" + suffix, key = "%dk" + suffix,
              value = "%dv" + suffix, sum;
  for (auto [i, branch] : llvm::enumerate(p.branches)) {
    sum = formatv("%sum{0}{1}", i, suffix);
    write(formatv("  {0}:3 = longnet.attend_grad {1} $CAUSAL $SCALE {2}", sum,
                  branch, offsets));
    write(formatv("    ins(%q{0}, %k{0}, %v{0}, %lse{0}, %delta{1}{0}, "
                  "%dout{0} : {2}, {3}) {4}",
                  suffix, i, types, rowTypes, lengths));
    write(formatv("    outs({0}, {1}, {2} : {3}) -> {3}", query, key, value,
                  types));
    query = sum + "#0";
    key = sum + "#1";
    value = sum + "#2";
  }
  return sum;
}

std::string writeGradientChain(const Problem &p) {
  Writer write(p);
  beginSum(write, p);
  std::string sum =
      addBranches(write, p, "", p.queryOffset ? "query_offset %offset" : "",
                  write.lengths(), gradientTypes, "$LSE, $LSE, $OUT");
  return write.endWith(sum + "#0, " + sum + "#1, " + sum + "#2", gradientTypes);
}

std::string writeGradientTiles(const Problem &p, int64_t chunk,
                               int64_t keyChunk) {
  Writer write(p);
  beginSum(write, p);
  write(formatv("  %heads = arith.constant $HEADS : index\n"
                "  %chunk = arith.constant {0} : index\n"
                "  %step = arith.constant {1} : index",
                chunk, keyChunk));
  static constexpr const char *loops[] = {
      "%i = %c0 to %b step %c1", "%j = %c0 to %heads step %c1",
      "%x = %c0 to %n step %chunk", "%t = %c0 to %nk step %step"};
  std::string outer;
  for (auto [depth, loop] : llvm::enumerate(loops)) {
    std::string inner = "_" + std::to_string(depth);
    write(formatv("  %r{0}:3 = scf.for {1} iter_args(%dq{0} = %dq{2}, "
                  "%dk{0} = %dk{2}, %dv{0} = %dv{2}) -> ({3}) {{",
                  inner, loop, outer, gradientTypes));
    outer = inner;
  }
  write(formatv(R"(
    %m = affine.min affine_map<(d0)[s0] -> ({0}, s0 - d0)>(%x)[%n]
    %len = affine.min affine_map<(d0)[s0] -> ({1}, s0 - d0)>(%t)[%nk]
    %g = affine.apply affine_map<(d0)[s0, s1] -> ((d0 * s0) floordiv s1)>(%j)[%hk, %heads]
    %at = affine.apply affine_map<(d0)[s0] -> (d0 + s0)>(%x)[%offset]
    %length = tensor.extract_slice %lengths[%i] [1] [1]
        : tensor<?xindex> to tensor<1xindex>)",
                chunk, keyChunk));
  struct Slice {
    std::string name, source, at, type, from;
  };
  std::string query = "[%i, %j, %x, 0] [1, 1, %m, $D] [1, 1, 1, 1]",
              key = "[%i, %g, %t, 0] [1, 1, %len, $D] [1, 1, 1, 1]",
              value = "[%i, %g, %t, 0] [1, 1, %len, $V] [1, 1, 1, 1]",
              out = "[%i, %j, %x, 0] [1, 1, %m, $V] [1, 1, 1, 1]",
              row = "[%i, %j, %x] [1, 1, %m] [1, 1, 1]";
  std::string rows = "tensor<1x1x?x$Dxf64>", valueRows = "tensor<1x1x?x$Vxf64>",
              lse = "tensor<1x1x?xf64>";
  std::vector<Slice> slices = {{"q", "q", query, rows, "$QUERIES"},
                               {"k", "k", key, rows, "$KEYS"},
                               {"v", "v", value, valueRows, "$VALUES"},
                               {"dq", "dq_3", query, rows, "$QUERIES"},
                               {"dk", "dk_3", key, rows, "$KEYS"},
                               {"dv", "dv_3", value, valueRows, "$VALUES"},
                               {"dout", "dout", out, valueRows, "$OUT"},
                               {"lse", "lse", row, lse, "$LSE"}};
  for (size_t i = 0; i < p.branches.size(); ++i) {
    std::string delta = "delta" + std::to_string(i);
    slices.push_back({delta, delta, row, lse, "$LSE"});
  }
  for (const Slice &slice : slices)
    write(formatv("    %{0}_tile = tensor.extract_slice %{1}{2} : {3} to {4}",
                  slice.name, slice.source, slice.at, slice.from, slice.type));
  std::string sum = addBranches(
      write, p, "_tile", "query_offset %at key_offset %t heads %j of %heads",
      write.lengths("%length : tensor<1xindex>"),
      rows + ", " + rows + ", " + valueRows,
      lse + ", " + lse + ", " + valueRows);
  for (auto [i, slice] : llvm::enumerate(ArrayRef(slices).slice(3, 3)))
    write(formatv("    %r_4_{0} = tensor.insert_slice {1}#{0} into %{2}{3} : "
                  "{4} into {5}",
                  i, sum, slice.source, slice.at, slice.type, slice.from));
  write(formatv("    scf.yield %r_4_0, %r_4_1, %r_4_2 : {0}\n  }",
                gradientTypes));
  for (int depth : {3, 2, 1})
    write(formatv("  scf.yield %r_{0}#0, %r_{0}#1, %r_{0}#2 : {1}\n  }", depth,
                  gradientTypes));
  return write.endWith("%r_0#0, %r_0#1, %r_0#2", gradientTypes);
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

Tensors runTensors(StringRef text, ArrayRef<RuntimeValue> arguments) {
  Expected<Values> results = run(text, arguments);
  if (!results) {
    ADD_FAILURE() << llvm::toString(results.takeError()) << "\n" << text.str();
    return Tensors(3, makeFloats({0}, {}));
  }
  return llvm::map_to_vector(*results, [](const RuntimeValue &value) {
    return std::get<RuntimeTensor>(value);
  });
}

Result runProblem(StringRef text, ArrayRef<RuntimeValue> arguments) {
  Tensors results = runTensors(text, arguments);
  return {results[0], results[1]};
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

double getDifference(ArrayRef<RuntimeTensor> a, ArrayRef<RuntimeTensor> b) {
  double largest = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    largest = std::max(largest, getDifference(x, y));
  return largest;
}

double getDifference(const Result &a, const Result &b) {
  return std::max(getDifference(a.out, b.out), getDifference(a.lse, b.lse));
}

} // namespace longnet::test
