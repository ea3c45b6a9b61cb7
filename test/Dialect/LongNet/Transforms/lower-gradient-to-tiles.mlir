// RUN: longnet-opt %s --longnet-lower-to-tiles --canonicalize --cse --split-input-file | FileCheck %s --enable-var-scope
// RUN: longnet-opt %s --longnet-lower-to-tiles="pairs=32" --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=PAIRS

// Query heads of a key head that are of one phase see the same keys, segment by
// segment: the first one of each takes the others along, and gradients of keys
// are added when all are through. The second branch calls the same functions.
// CHECK-LABEL: func @gradient
// CHECK: scf.for %{{.*}} = %{{.*}} to %c2
// CHECK:   scf.for %[[HEAD:.*]] = %[[FIRST:.*]] to %[[END:.*]] step
// CHECK:     %[[IS_FIRST:.*]] = scf.for %{{.*}} = %[[FIRST]] to %[[HEAD]] step {{.*}} iter_args(
// CHECK:       arith.cmpi ne
// CHECK:     scf.if %[[IS_FIRST]]
// CHECK:       scf.for
// CHECK:         memref.subview %{{.*}} [%{{.*}}, 16] [2, 1]
// CHECK:         func.call @[[$START:[a-z_0-9]*]](
// CHECK:         scf.for %{{.*}} = %[[HEAD]] to %[[END]] step
// CHECK:           %[[SEES:.*]] = arith.cmpi eq
// CHECK:           scf.if %[[SEES]]
// CHECK:             memref.subview %{{.*}} [%{{.*}}, 16] [2, 1]
// CHECK:             func.call @[[$GROUP:[a-z_0-9]*]](
// CHECK:         func.call @[[$ADD:[a-z_0-9]*]](
// CHECK-COUNT-14: memref.dealloc
// CHECK: func.call @[[$START]](
// CHECK: func.call @[[$GROUP]](
// CHECK: func.call @[[$ADD]](
func.func @gradient(%q: memref<1x4x?x16xbf16>, %k: memref<1x2x?x16xbf16>, %l: memref<1x4x?xf32>) {
  longnet.attend_grad <segment = 32, dilation = 2> causal
      ins(%q, %k, %k, %l, %l, %q : memref<1x4x?x16xbf16>, memref<1x2x?x16xbf16>, memref<1x2x?x16xbf16>, memref<1x4x?xf32>,
          memref<1x4x?xf32>, memref<1x4x?x16xbf16>)
      outs(%q, %k, %k : memref<1x4x?x16xbf16>, memref<1x2x?x16xbf16>, memref<1x2x?x16xbf16>)
  longnet.attend_grad <segment = 64, dilation = 4> causal
      ins(%q, %k, %k, %l, %l, %q : memref<1x4x?x16xbf16>, memref<1x2x?x16xbf16>, memref<1x2x?x16xbf16>, memref<1x4x?xf32>,
          memref<1x4x?xf32>, memref<1x4x?x16xbf16>)
      outs(%q, %k, %k : memref<1x4x?x16xbf16>, memref<1x2x?x16xbf16>, memref<1x2x?x16xbf16>)
  return
}

// CHECK: func.func private @[[$START]](
// CHECK-COUNT-2: linalg.fill
// CHECK-NOT: scf.for

// Chunks of queries; past each stream the tiles of keys that it sees. Gradients
// are scaled and added at the end.
// CHECK: func.func private @[[$GROUP]](
// CHECK-NOT: memref.alloc
// CHECK: scf.for
// CHECK:   scf.for
// CHECK:     arith.extf %{{.*}} : bf16 to f32
// CHECK:   scf.for
// CHECK:     scf.for
// CHECK:       %[[MASKED:.*]] = arith.cmpi slt
// CHECK:       longnet.attend_grad_tile scale = 2.500000e-01 ins({{.*}}) visible({{.*}}) if %[[MASKED]] outs(
// CHECK:   scf.for
// CHECK:     arith.mulf
// CHECK:     arith.addf
// CHECK:     arith.truncf %{{.*}} : f32 to bf16

// CHECK: func.func private @[[$ADD]](
// CHECK: scf.for
// CHECK:   arith.mulf
// CHECK:   arith.addf
// CHECK: scf.for
// CHECK-NOT: arith.mulf
// CHECK:   arith.addf
// CHECK-NOT: func.func private

// Nothing is widened before the tile: operands come in pairs, filled up to 32.
// PAIRS: func.func private @longnet_attend_grad_group(
// PAIRS-SAME: memref<16x16x64x2xbf16>
// PAIRS-NOT: arith.extf
// PAIRS: longnet.attend_grad_tile
// PAIRS-SAME: memref<16x64x2xbf16
// PAIRS-SAME: key_columns(%{{.*}} : memref<32x64xbf16>)

// -----

// A gradient of another type than the storage type is rounded to bf16 in pairs.
// CHECK-LABEL: func @mixed
// PAIRS-LABEL: func @mixed
func.func @mixed(%q: memref<1x4x?x16xbf16>, %dout: memref<1x4x?x16xf32>, %l: memref<1x4x?xf32>) {
  // PAIRS: func.call @[[MIXED:[a-z_0-9]*]](
  longnet.attend_grad <segment = 32, dilation = 2>
      ins(%q, %q, %q, %l, %l, %dout : memref<1x4x?x16xbf16>, memref<1x4x?x16xbf16>, memref<1x4x?x16xbf16>, memref<1x4x?xf32>,
          memref<1x4x?xf32>, memref<1x4x?x16xf32>)
      outs(%dout, %dout, %dout : memref<1x4x?x16xf32>, memref<1x4x?x16xf32>, memref<1x4x?x16xf32>)
  return
}

// -----

// CHECK-LABEL: func @no_heads
// CHECK: return
func.func @no_heads(%q: memref<1x0x8x16xf32>, %l: memref<1x0x8xf32>) {
  longnet.attend_grad <segment = 4, dilation = 2, heads = blocked> causal
      ins(%q, %q, %q, %l, %l, %q : memref<1x0x8x16xf32>, memref<1x0x8x16xf32>, memref<1x0x8x16xf32>, memref<1x0x8xf32>,
          memref<1x0x8xf32>, memref<1x0x8x16xf32>)
      outs(%q, %q, %q : memref<1x0x8x16xf32>, memref<1x0x8x16xf32>, memref<1x0x8x16xf32>)
  return
}
