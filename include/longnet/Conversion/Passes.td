//===- Passes.td - Conversions ------------------------------*- tablegen -*-===//
//
// Part of the LongNet Compiler, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LONGNET_CONVERSION_PASSES_TD
#define LONGNET_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertLongNetPiecesToLinalg : Pass<"convert-longnet-pieces-to-linalg"> {
  let summary = "Lower segment, sparsify, scatter and combine to linalg";
  let description = [{
    Lowers the pieces of level 1 that no fusion took, on tensors, to parallel
    loops over batch, head and segment that copy or combine whole rows;
    positions are computed first. `longnet.attention` stays; it is tiled and
    lowered like `longnet.attend`.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ConvertLongNetTilesToLinalg : Pass<"convert-longnet-tiles-to-linalg"> {
  let summary = "Lower attend_tile and attend_grad_tile on buffers to linalg";
  let description = [{
    Lowers `longnet.attend_tile` on buffers to two contractions and the
    elementwise steps of the online softmax, on a score tile on the stack, and
    `longnet.attend_grad_tile` to five contractions.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def ConvertLongNetStripsToAMX : Pass<"convert-longnet-strips-to-amx"> {
  let summary = "Lower attend_strip and score_bound on buffers to AMX";
  let description = [{
    Lowers `longnet.attend_strip` to one software pipeline over its pairs of a
    block and a tile, on tile registers chosen by hand: while products of tiles
    give the scores of the keys to come and add the values of the keys before,
    vectors take the exponentials of the scores in between, as integers of 16
    bits. For blocks of 32 queries, head dimensions in multiples of 32, and keys
    of a tile in multiples of the value dimension. So does
    `longnet.attend_grad_strip` with its five products, for tiles of 128 keys.
    `longnet.score_bound` becomes dot products of bf16. Buffers are aligned to
    64 bytes.

    The code needs AMX with bf16 and AVX-512 with bf16 and VBMI. A function with
    an `attend_strip` must not use the `amx` dialect.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::x86vector::X86VectorDialect"];
}

def ConvertLinalgToVectorLoops : Pass<"longnet-vectorize"> {
  let summary = "Lower linalg operations on buffers to loops over vectors";
  let description = [{
    Lowers linalg operations on buffers whose innermost dimension is contiguous
    to loops around native vectors: vector lanes run along that dimension,
    reductions are carried in registers, and contractions are blocked so that
    every loaded vector and every broadcast scalar serves several products.
    Elementwise transpositions go through registers in square blocks. Sizes may
    be dynamic; remainders run in narrower vectors where their size is known,
    and element by element where it is not. An elementwise operation marked as
    `longnet.epilogue` is done to the sums before it while they are in
    registers. Operations of any other form are left alone.

    Contractions of bf16 in pairs (two elements of the sum side by side in both
    factors) become dot products with `isa=avx512bf16` and products of tiles
    with `isa=amx`; elsewhere they are widened to f32.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"512",
           "Width of the target's vector registers in bits">,
    Option<"registers", "registers", "int64_t", /*default=*/"32",
           "Number of the target's vector registers">,
    Option<"instructions", "isa", "::longnet::InstructionSet",
           /*default=*/"::longnet::InstructionSet::generic",
           "Instructions to use beyond plain vectors",
           "::longnet::instructionSetValues()">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::amx::AMXDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect",
                           "::mlir::x86vector::X86VectorDialect"];
}

def LongNetExpandExp2 : Pass<"longnet-expand-exp2"> {
  let summary = "Expand exp2 into polynomials";
  let description = [{
    Rewrites `math.exp2 fastmath<afn>` on f32 and f64, scalars and vectors, into
    arithmetic with an error below 2 units in the last place. Results below the
    smallest normal number are 0, those from half a power below the largest one
    infinite. NaN stays NaN. With `avx512`, vectors of 512 bits take its
    instructions for rounding and scaling. Where the operation carries
    `longnet.rounded_to_bf16`, f32 results are as exact as bf16 needs; where it
    carries `longnet.at_most_one`, nothing is done for large results, and with
    `longnet.flushed_to_zero`, nothing for small ones where the processor does it.
  }];
  let options = [
    Option<"avx512", "avx512", "bool", /*default=*/"false",
           "Use AVX-512 instructions">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect"];
}

def LongNetRoundToBF16 : Pass<"longnet-round-to-bf16"> {
  let summary = "Round f32 to bf16 in integers";
  let description = [{
    Rewrites `arith.truncf` from f32 to bf16, scalars and vectors, for processors
    without an instruction for it: to nearest, to even from half way. NaN becomes
    the quiet one.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def LongNetBalanceLoops : Pass<"longnet-balance-loops"> {
  let summary = "Hand out iterations of OpenMP loops as threads become free";
  let description = [{
    Gives `omp.wsloop`s without a schedule the dynamic one. Tasks of a causal
    attention differ in work, and every task is long beside what it costs to
    hand it out.
  }];
  let dependentDialects = ["::mlir::omp::OpenMPDialect"];
}

def LongNetHoistScratch : Pass<"longnet-hoist-scratch"> {
  let summary = "Allocate scratch once a thread, not in every iteration";
  let description = [{
    Moves `memref.alloc`s that an iteration frees again, of sizes that do not
    depend on it, out of `scf.for` and `omp.wsloop`: every thread allocates its
    own before its share of the iterations and frees it after them, all in one
    buffer: of numbers, in the default memory, aligned to 64 bytes or less. Memory that is given back to the system has to be mapped again, which
    takes longer than much that is done with it. That is also why there is one
    buffer: the C library, which gives back what exceeds twice the largest block
    that was ever freed, keeps it from one call to the next. `linalg.fill`s of it
    marked `longnet.done_once` go with it. To be run when parallel loops have
    become OpenMP's.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect"];
}

def LongNetExport : Pass<"longnet-export", "::mlir::ModuleOp"> {
  let summary = "Let public functions write into the caller's memory";
  let description = [{
    Gives every public function on tensors the form that a C caller needs, and
    records what its sizes have to fulfil. To be run before bufferization with
    function boundaries; `longnet-c-interface` makes the entry after it.

    - A result becomes a trailing argument, a buffer with any strides and a
      contiguous last dimension, that the function writes.
    - An input may have such strides too, and is not written.
    - `longnet.parameters`, `longnet.size_ties` and `longnet.computed_sizes` say
      what the function takes: names (from the argument and result attribute
      `longnet.name`, otherwise `arg0`, ..., `result0`, ...), types and sizes
      that the operations in it need to agree.
    - Sizes of results that are no argument's become a private function
      `<name>.sizes` of the same arguments.

    Functions that other functions call are copied first.

    ```mlir
    func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %y = ...
      return %y : tensor<?x4xf32>
    }
    ```

    becomes

    ```mlir
    func.func @f(
        %x: tensor<?x4xf32> {bufferization.buffer_layout = strided<[?, 1], offset: ?>,
                             bufferization.writable = false},
        %result0: memref<?x4xf32, strided<[?, 1], offset: ?>>)
        attributes {longnet.parameters = [
                      {name = "arg0", type = tensor<?x4xf32>},
                      {name = "result0", output, type = tensor<?x4xf32>} ],
                    longnet.size_ties = [
                      {equal = [0, 0], size = [1, 0]} ]} {
      %y = ...
      bufferization.materialize_in_destination %y in restrict writable %result0
          : (tensor<?x4xf32>, memref<?x4xf32, strided<[?, 1], offset: ?>>) -> ()
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::bufferization::BufferizationDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LongNetCInterface : Pass<"longnet-c-interface", "::mlir::ModuleOp"> {
  let summary = "Make C entries that take DLPack tensors";
  let description = [{
    Makes, for every function that `longnet-export` prepared and that has been
    lowered to the LLVM dialect since,

    ```c
    int32_t NAME(const DLTensor *input, ..., int64_t index, ..., const DLTensor *output, ...);
    const char *NAME_error(int32_t code);
    ```

    The function itself becomes `NAME.impl`, internal. The entry checks all that
    it is given (null pointers, ranks, element types, devices, sizes and how
    they relate, strides, alignment) and calls the function or returns the code
    of the first check that fails; 0 means success. Tensors may have any
    strides with a contiguous last dimension. The code needs no runtime
    library. Where it uses AMX tiles, the entry asks Linux for them.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // LONGNET_CONVERSION_PASSES_TD
