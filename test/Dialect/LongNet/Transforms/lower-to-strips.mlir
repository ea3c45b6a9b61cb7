// RUN: longnet-opt %s --split-input-file --longnet-lower-to-tiles="pairs=32 strip=524288" --canonicalize --longnet-outline-tiles \
// RUN:   | FileCheck %s -enable-var-scope
// RUN: not longnet-opt %s --split-input-file --longnet-lower-to-tiles="strip=-1" 2>&1 | FileCheck %s --check-prefix=BAD
// RUN: longnet-opt %s --split-input-file --longnet-lower-to-tiles="pairs=32" | FileCheck %s --check-prefix=NONE

// BAD: longnet-lower-to-tiles: expects a strip of at least 0 bytes, got -1
// NONE-NOT: longnet.attend_strip

!seq = memref<1x1x?x64xbf16>
!lse = memref<1x1x?xf32>

// 512 KiB hold 16 tiles of 128 keys and values of 64 dimensions.
// CHECK-LABEL: func @strips
// CHECK-DAG: memref.alloc() {{.*}} : memref<16x4x2x32x32xbf16>
// CHECK-DAG: memref.alloc() {{.*}} : memref<16x2x4x32x32xbf16>
// CHECK-DAG: memref.alloc({{.*}}) {{.*}} : memref<?x32x32x2xbf16>
func.func @strips(%q: !seq, %k: !seq, %v: !seq, %o: !seq, %l: !lse) {
  longnet.attend [<segment = 4096, dilation = 1>] causal ins(%q, %k, %v : !seq, !seq, !seq) outs(%o, %l : !seq, !lse)
  return
}

// Head dimensions whose tiles exceed the first cache.
// CHECK-LABEL: func @wide
// CHECK: call @[[$WIDE:[a-z_0-9]*]](
func.func @wide(%q: memref<1x1x?x256xbf16>, %k: memref<1x1x?x256xbf16>, %v: memref<1x1x?x256xbf16>,
                %o: memref<1x1x?x256xbf16>, %l: !lse) {
  longnet.attend [<segment = 4096, dilation = 1>] ins(%q, %k, %v : memref<1x1x?x256xbf16>, memref<1x1x?x256xbf16>, memref<1x1x?x256xbf16>)
      outs(%o, %l : memref<1x1x?x256xbf16>, !lse)
  return
}

// A strip is packed, and attended at once where scores are small.
// CHECK-LABEL: func private @longnet_attend_group
// CHECK: scf.for %{{.*}} step %[[KEYS:c2048.*]] {
// CHECK: linalg.generic
// CHECK: %[[BOUND:.*]] = longnet.score_bound %{{.*}}, %{{.*}}, %{{.*}} : memref<?x32x32x2xbf16, {{.*}}>, memref<?x4x2x32x32xbf16, {{.*}}>, memref<?x32xf32, {{.*}}>
// CHECK: %[[SMALL:.*]] = arith.cmpf ole, %[[BOUND]], %{{.*}} : f32
// CHECK: scf.if %[[SMALL]] {
// CHECK: scf.for
// CHECK: math.exp2
// CHECK: func.call @longnet_attend_strip(
// CHECK: arith.cmpf oeq, %{{.*}}, %[[ZERO:.*]] : f32
// CHECK-NEXT: arith.select %{{.*}}, %{{.*}}, %[[ZERO]] : f32
// CHECK: } else {
// CHECK: scf.for
//
// Single tiles are not in blocks.
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : memref<32x32xbf16, {{.*}}>) outs(%{{.*}} : memref<32x32xbf16, strided<[64, 1], offset: ?>>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : memref<32x32xbf16, {{.*}}>) outs(%{{.*}} : memref<32x32xbf16, strided<[128, 1], offset: ?>>)
// CHECK: scf.for
// CHECK: func.call @longnet_attend_tile(

// CHECK: func private @[[$WIDE]](
// CHECK-NOT: longnet.score_bound

// CHECK: func private @longnet_attend_strip({{.*}}) attributes {{{.*}}passthrough = ["noinline"]} {
// CHECK-NEXT: longnet.attend_strip

// -----

// The view of a part of a packed buffer, whose dimensions are not the buffer's.
// CHECK-LABEL: func @packed
// CHECK: memref.alloc({{.*}}) {{.*}} : memref<?x32x32x2xbf16>
func.func @packed(%p: memref<3x2x3x?x64xbf16>, %i: index, %n: index, %o: memref<2x3x?x64xbf16>, %l: memref<2x3x?xf32>) {
  %q = memref.subview %p[%i, 0, 0, 0, 0] [1, 2, 3, %n, 64] [1, 1, 1, 1, 1]
      : memref<3x2x3x?x64xbf16> to memref<2x3x?x64xbf16, strided<[?, ?, 64, 1], offset: ?>>
  longnet.attend [<segment = 4096, dilation = 1>] ins(%q, %q, %q : memref<2x3x?x64xbf16, strided<[?, ?, 64, 1], offset: ?>>,
      memref<2x3x?x64xbf16, strided<[?, ?, 64, 1], offset: ?>>, memref<2x3x?x64xbf16, strided<[?, ?, 64, 1], offset: ?>>)
      outs(%o, %l : memref<2x3x?x64xbf16>, memref<2x3x?xf32>)
  return
}
