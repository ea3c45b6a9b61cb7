// RUN: longnet-opt %s --convert-longnet-strips-to-amx | FileCheck %s -enable-var-scope

// One pair of 32 queries and 128 keys in two steps, each of two panels of
// scores and one of values. Products of tiles alternate with exponentials.
// CHECK-LABEL: func @strip
// CHECK: llvm.call_intrinsic "llvm.x86.ldtilecfg"
// CHECK: scf.if
//
// Registers of keys lie one after the other, those of queries side by side, and
// those of scores in two columns.
// CHECK: %[[ROW:.*]] = llvm.mlir.constant(64 : i64) : i64
// CHECK-NEXT: llvm.mlir.constant
// CHECK-NEXT: llvm.call_intrinsic "llvm.x86.tileloaddt164"(%{{.*}}, %[[KEYS:[^,]*]], %[[ROW]])
// CHECK: %[[WIDE:.*]] = llvm.mlir.constant(128 : i64) : i64
// CHECK-NEXT: llvm.mlir.constant
// CHECK-NEXT: llvm.call_intrinsic "llvm.x86.tileloadd64"(%{{.*}}, %[[QUERIES:[^,]*]], %[[WIDE]])
// CHECK: llvm.getelementptr %[[QUERIES]][64]
// CHECK: llvm.getelementptr %[[KEYS]][1024]
// CHECK: llvm.getelementptr %[[KEYS]][2048]
// CHECK: llvm.getelementptr %[[QUERIES]][2048]
// CHECK: llvm.call_intrinsic "llvm.x86.tilestored64"(%{{.*}}, %[[SCORES:[^,]*]], %{{.*}})
// CHECK-NEXT: llvm.getelementptr %[[SCORES]][2048]
// CHECK: llvm.getelementptr %[[SCORES]][1024]
// CHECK: llvm.getelementptr %[[SCORES]][3072]
// CHECK-COUNT-8: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// CHECK: scf.for %[[BLOCK:.*]] =
// CHECK: scf.for %[[TILE:.*]] = %{{.*}} iter_args({{.*}}) -> (!llvm.ptr, !llvm.ptr, !llvm.ptr, index, vector<16xf32>, vector<16xf32>) {
//
// A tile register is stored just before it is used again.
// CHECK: llvm.call_intrinsic "llvm.x86.tileloaddt164"
// CHECK-NEXT: llvm.mlir.constant
// CHECK: llvm.call_intrinsic "llvm.x86.tileloadd64"
// CHECK: llvm.call_intrinsic "llvm.x86.tilestored64"
// CHECK: llvm.call_intrinsic "llvm.x86.tilezero"
// CHECK: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
//
// Two vectors of weights after each product.
// CHECK-NOT: "llvm.x86.tdpbf16ps"
// CHECK-COUNT-2: llvm.inline_asm has_side_effects "", "=v,0"
// CHECK-COUNT-31: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
//
// Sums of values go on from what is in memory.
// CHECK-COUNT-32: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// CHECK: scf.yield
//
// The values of the last pair.
// CHECK-COUNT-32: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.tilestored64"
// CHECK-NOT: llvm.x86.tile
// CHECK: }
// CHECK-NEXT: llvm.call_intrinsic "llvm.x86.tilerelease"
// CHECK-NEXT: return
func.func @strip(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %v: memref<?x2x4x32x32xbf16>, %visible: index,
                 %acc: memref<?x64x32xf32>, %sum: memref<?x32xf32>) {
  longnet.attend_strip scale = 0.125 visible = %visible of %visible
      ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  return
}

// Maxima of bits: NaN is above all numbers.
// CHECK-LABEL: func @bound
// CHECK: scf.for
// CHECK: scf.for
// CHECK-COUNT-2: x86vector.avx512.dot
// CHECK: arith.maxui
// CHECK: vector.reduction <maxui>
// CHECK: scf.for
// CHECK-COUNT-32: x86vector.avx512.dot
// CHECK: vector.shuffle
// CHECK: arith.maxui
// CHECK: vector.reduction <maxui>
// CHECK: scf.for
// CHECK: arith.andi
// CHECK: arith.maxui
// CHECK: vector.reduction <maxui>
// CHECK: math.sqrt
// CHECK: arith.maxui
// CHECK-NEXT: %[[BOUND:.*]] = arith.bitcast %{{.*}} : i32 to f32
// CHECK-NEXT: return %[[BOUND]]
func.func @bound(%q: memref<?x32x32x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %max: memref<?x32xf32>) -> f32 {
  %bound = longnet.score_bound %q, %k, %max : memref<?x32x32x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x32xf32>
  return %bound : f32
}

// CHECK-LABEL: func @other_shapes
// CHECK-COUNT-2: longnet.attend_strip
// CHECK: longnet.score_bound
func.func @other_shapes(%q: memref<?x32x32x2xbf16>, %k: memref<?x3x2x32x32xbf16>, %v: memref<?x2x3x32x32xbf16>, %q64: memref<?x32x64x2xbf16>,
                        %k64: memref<?x2x2x32x32xbf16>, %v64: memref<?x2x2x32x32xbf16>, %q8: memref<?x32x8x2xbf16>, %acc: memref<?x64x32xf32>,
                        %acc64: memref<?x64x64xf32>, %sum: memref<?x32xf32>, %sum64: memref<?x64xf32>, %max: memref<?x8xf32>, %visible: index) -> f32 {
  // 64 queries.
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q64, %k64, %v64 : memref<?x32x64x2xbf16>, memref<?x2x2x32x32xbf16>, memref<?x2x2x32x32xbf16>)
      outs(%acc64, %sum64 : memref<?x64x64xf32>, memref<?x64xf32>)
  // Two panels of values, three of keys.
  longnet.attend_strip scale = 0.125 visible = %visible of %visible ins(%q, %k, %v : memref<?x32x32x2xbf16>, memref<?x3x2x32x32xbf16>, memref<?x2x3x32x32xbf16>)
      outs(%acc, %sum : memref<?x64x32xf32>, memref<?x32xf32>)
  // Less than a vector of queries.
  %bound = longnet.score_bound %q8, %k, %max : memref<?x32x8x2xbf16>, memref<?x3x2x32x32xbf16>, memref<?x8xf32>
  return %bound : f32
}
