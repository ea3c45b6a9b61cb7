// RUN: longnet-opt %s --longnet-lower-to-tiles --canonicalize --cse --split-input-file \
// RUN:   | FileCheck %s --enable-var-scope
// RUN: not longnet-opt %s --longnet-lower-to-tiles="key-tile=0" --split-input-file 2>&1 \
// RUN:   | FileCheck %s --check-prefix=BAD

// RUN: not longnet-opt %s --longnet-lower-to-tiles="pairs=8" --split-input-file 2>&1 \
// RUN:   | FileCheck %s --check-prefix=PAIRS
// RUN: not longnet-opt %s --longnet-lower-to-tiles="parts=3" --split-input-file 2>&1 \
// RUN:   | FileCheck %s --check-prefix=PARTS

// BAD: longnet-lower-to-tiles: expects tiles of at least 1, got 64 queries and 0 keys
// PAIRS: longnet-lower-to-tiles: expects pairs to be 0 or a multiple of 16, got 8
// PARTS: longnet-lower-to-tiles: expects 1 to 3 parts, and pairs for more than 1, got 3 parts and pairs 0

// All branches call one function; a branch is a stride of its arguments.
// CHECK-LABEL: func @branches
func.func @branches(%q: memref<1x1x?x16xbf16>, %k: memref<1x1x?x16xbf16>, %v: memref<1x1x?x16xbf16>,
                    %o: memref<1x1x?x16xbf16>, %l: memref<1x1x?xf32>) {
  // CHECK: scf.for
  // CHECK: memref.subview %{{.*}} [%{{.*}}, 16] [2, 1]
  // CHECK: func.call @[[$GROUP:[a-z_0-9]*]](
  // CHECK: scf.for
  // CHECK: memref.subview %{{.*}} [%{{.*}}, 16] [4, 1]
  // CHECK: func.call @[[$GROUP]](
  // CHECK: arith.divf
  // CHECK: arith.truncf %{{.*}} : f32 to bf16
  // CHECK: math.log
  // CHECK-COUNT-11: memref.dealloc
  longnet.attend [<segment = 32, dilation = 2>, <segment = 64, dilation = 4>] causal
      ins(%q, %k, %v : memref<1x1x?x16xbf16>, memref<1x1x?x16xbf16>, memref<1x1x?x16xbf16>)
      outs(%o, %l : memref<1x1x?x16xbf16>, memref<1x1x?xf32>)
  return
}
// Queries are packed first, then every tile of keys once for all of them.
// Tiles on the diagonal are masked, those below it are not.
// CHECK: func.func private @[[$GROUP]](%{{.*}}: memref<?x16x64xf32>
// CHECK-NOT: memref.alloc
// CHECK: scf.for
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: scf.for
// CHECK: linalg.fill
// CHECK: scf.for
// CHECK: %[[MASKED:.*]] = arith.cmpi slt
// CHECK: longnet.attend_tile scale = 2.500000e-01 ins(%{{.*}} : {{.*}}) visible({{.*}}) if %[[MASKED]] outs(
// CHECK-NOT: func.func private

// -----

// An accumulating attend starts from (out, lse).
// CHECK-LABEL: func @accumulate
func.func @accumulate(%q: memref<1x1x?x16xf32>, %o: memref<1x1x?x16xf32>, %l: memref<1x1x?xf32>) {
  // CHECK: arith.cmpf oeq, %{{.*}}, %{{.*}} : f32
  // CHECK: call @
  longnet.attend [<segment = 32, dilation = 1>] accumulate
      ins(%q, %q, %q : memref<1x1x?x16xf32>, memref<1x1x?x16xf32>, memref<1x1x?x16xf32>)
      outs(%o, %l : memref<1x1x?x16xf32>, memref<1x1x?xf32>)
  return
}

// -----

// A negative scale turns the queries around, and what is left is positive.
// CHECK-LABEL: func @negative
func.func @negative(%q: memref<1x1x8x16xf64>, %o: memref<1x1x8x16xf64>, %l: memref<1x1x8xf64>) {
  longnet.attend [<segment = 32, dilation = 1>] scale = -2.0
      ins(%q, %q, %q : memref<1x1x8x16xf64>, memref<1x1x8x16xf64>, memref<1x1x8x16xf64>)
      outs(%o, %l : memref<1x1x8x16xf64>, memref<1x1x8xf64>)
  return
}
// CHECK: func.func private
// CHECK: arith.mulf %{{.*}}, %{{.*}} : f64
// CHECK: longnet.attend_tile scale = 2.000000e+00

// -----

// Pieces mask by positions: the positions of keys are hidden where absent.
// CHECK-LABEL: func @attention
func.func @attention(%q: memref<1x1x1x?x16xf32>, %p: memref<1x1x?xindex>, %g: memref<1x?xindex>, %len: memref<1xindex>,
                     %o: memref<1x1x1x?x16xf32>, %l: memref<1x1x1x?xf32>) {
  // CHECK: memref.load
  // CHECK: arith.cmpi sge
  // CHECK: arith.cmpi slt
  // CHECK: call @
  longnet.attention causal
      ins(%q, %q, %q : memref<1x1x1x?x16xf32>, memref<1x1x1x?x16xf32>, memref<1x1x1x?x16xf32>)
      at(%p, %g : memref<1x1x?xindex>, memref<1x?xindex>) kv_lengths(%len : memref<1xindex>)
      outs(%o, %l : memref<1x1x1x?x16xf32>, memref<1x1x1x?xf32>)
  return
}
// CHECK: longnet.attend_tile {{.*}} visible
// CHECK-NOT: longnet.attend_tile
