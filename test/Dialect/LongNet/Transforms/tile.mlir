// RUN: longnet-opt %s --longnet-tile="chunk=128" --split-input-file | FileCheck %s --enable-var-scope
// RUN: longnet-opt %s --longnet-tile="chunk=128 cache=32768" --split-input-file | FileCheck %s --check-prefix=FITS
// RUN: longnet-opt %s --longnet-tile="chunk=128 cache=32767" --split-input-file | FileCheck %s --check-prefix=FULL
// RUN: longnet-opt %s --longnet-tile="chunk=128 cache=32768 matrix-unit" --split-input-file | FileCheck %s --check-prefix=MATRIX
// RUN: not longnet-opt %s --longnet-tile="chunk=0" --split-input-file 2>&1 | FileCheck %s --check-prefix=BAD

// BAD: longnet-tile: expects a chunk of at least 1 and a cache of at least 0, got 0 and 0

// One task a batch entry, head and chunk; the tile is an attend at an offset.
// CHECK-LABEL: func @attend
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<2x8x?x16xf32>, %[[K:[a-z0-9]*]]: tensor<2x8x?x16xf32>
func.func @attend(%q: tensor<2x8x?x16xf32>, %k: tensor<2x8x?x16xf32>, %v: tensor<2x8x?x16xf32>,
                  %at: index, %len: tensor<2xindex>, %o: tensor<2x8x?x16xf32>, %l: tensor<2x8x?xf32>)
    -> (tensor<2x8x?x16xf32>, tensor<2x8x?xf32>) {
  // CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %[[I:.*]]) = (0, 0, 0) to (2, 8, %{{.*}}) step (1, 1, 128)
  // CHECK: tensor.extract_slice %[[Q]][%[[B]], %[[H]], %[[I]], 0] [1, 1, %{{.*}}, 16]
  // CHECK: tensor.extract_slice %[[K]][%[[B]], %[[H]], 0, 0] [1, 1, %{{.*}}, 16]
  // CHECK: longnet.attend [<segment = 32, dilation = 2>] causal query_offset %{{.*}} heads %[[H]] of %{{.*}} ins
  // CHECK-SAME: tensor<1x1x?x16xf32>
  // CHECK-SAME: kv_lengths(%{{.*}} : tensor<1xindex>)
  // CHECK: tensor.parallel_insert_slice
  %r:2 = longnet.attend [<segment = 32, dilation = 2>] causal query_offset %at
      ins(%q, %k, %v : tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>)
      kv_lengths(%len : tensor<2xindex>)
      outs(%o, %l : tensor<2x8x?x16xf32>, tensor<2x8x?xf32>) -> tensor<2x8x?x16xf32>, tensor<2x8x?xf32>
  return %r#0, %r#1 : tensor<2x8x?x16xf32>, tensor<2x8x?xf32>
}

// -----

// A query head reads the key head of its group.
// CHECK: #[[$MAP:.*]] = affine_map<{{.*}} -> ({{.*}} floordiv 4)>
// CHECK-LABEL: func @groups
func.func @groups(%q: tensor<1x8x64x16xf32>, %k: tensor<1x2x64x16xf32>, %v: tensor<1x2x64x16xf32>,
                  %o: tensor<1x8x64x16xf32>, %l: tensor<1x8x64xf32>)
    -> (tensor<1x8x64x16xf32>, tensor<1x8x64xf32>) {
  // CHECK: scf.forall (%{{.*}}, %[[H:.*]], %{{.*}}) =
  // CHECK: %[[G:.*]] = affine.apply #[[$MAP]]()[%[[H]]]
  // CHECK: tensor.extract_slice %{{.*}}[%{{.*}}, %[[G]], 0, 0] [1, 1, 64, 16]
  %r:2 = longnet.attend [<segment = 32, dilation = 2>]
      ins(%q, %k, %v : tensor<1x8x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>)
      outs(%o, %l : tensor<1x8x64x16xf32>, tensor<1x8x64xf32>) -> tensor<1x8x64x16xf32>, tensor<1x8x64xf32>
  return %r#0, %r#1 : tensor<1x8x64x16xf32>, tensor<1x8x64xf32>
}

// -----

// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<2x3x?x?x16xf32>, %p: tensor<3x?x?xindex>, %g: tensor<?x?xindex>,
                     %o: tensor<2x3x?x?x16xf32>, %l: tensor<2x3x?x?xf32>)
    -> (tensor<2x3x?x?x16xf32>, tensor<2x3x?x?xf32>) {
  // CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %[[G:.*]], %[[M:.*]]) = (0, 0, 0, 0) to (2, 3, %{{.*}}, %{{.*}}) step (1, 1, 1, 128)
  // CHECK: tensor.extract_slice %{{.*}}[%[[H]], %[[G]], %[[M]]] [1, 1, %{{.*}}]
  // CHECK: tensor.extract_slice %{{.*}}[%[[G]], 0] [1, %{{.*}}]
  // CHECK: longnet.attention causal ins
  %r:2 = longnet.attention causal
      ins(%q, %q, %q : tensor<2x3x?x?x16xf32>, tensor<2x3x?x?x16xf32>, tensor<2x3x?x?x16xf32>)
      at(%p, %g : tensor<3x?x?xindex>, tensor<?x?xindex>)
      outs(%o, %l : tensor<2x3x?x?x16xf32>, tensor<2x3x?x?xf32>) -> tensor<2x3x?x?x16xf32>, tensor<2x3x?x?xf32>
  return %r#0, %r#1 : tensor<2x3x?x?x16xf32>, tensor<2x3x?x?xf32>
}

// -----

// Tasks of a gradient hold whole segments: 256 rows of two, which share no row of
// any gradient. Both sequences are cut at the same positions.
// CHECK-LABEL: func @gradient
func.func @gradient(%q: tensor<2x8x?x16xf32>, %k: tensor<2x2x?x16xf32>, %l: tensor<2x8x?xf32>)
    -> (tensor<2x8x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>) {
  // CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %[[I:.*]]) = (0, 0, 0) to (2, 2, %{{.*}}) step (1, 1, 192)
  // CHECK: tensor.extract_slice %{{.*}}[%[[B]], %[[G:.*]], %{{.*}}, 0] [1, 4, %{{.*}}, 16]
  // CHECK: tensor.extract_slice %{{.*}}[%[[B]], %[[H]], %{{.*}}, 0] [1, 1, %{{.*}}, 16]
  // CHECK: longnet.attend_grad <segment = 96, dilation = 2> causal query_offset %[[I]] key_offset %[[I]] heads %{{.*}} of %{{.*}} ins
  // CHECK-COUNT-3: tensor.parallel_insert_slice
  %r:3 = longnet.attend_grad <segment = 96, dilation = 2> causal
      ins(%q, %k, %k, %l, %l, %q : tensor<2x8x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x8x?xf32>,
          tensor<2x8x?xf32>, tensor<2x8x?x16xf32>)
      outs(%q, %k, %k : tensor<2x8x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>)
      -> tensor<2x8x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>
  return %r#0, %r#1, %r#2 : tensor<2x8x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>
}

// -----

// At an offset nobody knows where segments begin: rows stay together.
// CHECK-LABEL: func @gradient_at
func.func @gradient_at(%q: tensor<2x8x?x16xf32>, %k: tensor<2x8x?x16xf32>, %l: tensor<2x8x?xf32>, %at: index)
    -> (tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>) {
  // CHECK: scf.forall {{.*}} to (2, 8, 1)
  // CHECK: longnet.attend_grad <segment = 96, dilation = 2> query_offset %{{.*}} heads
  %r:3 = longnet.attend_grad <segment = 96, dilation = 2> query_offset %at
      ins(%q, %k, %k, %l, %l, %q : tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?xf32>,
          tensor<2x8x?xf32>, tensor<2x8x?x16xf32>)
      outs(%q, %k, %k : tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>)
      -> tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>
  return %r#0, %r#1, %r#2 : tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>
}

// -----

// What reads whole rows of the output is computed with them; the output itself is
// never stored.
// CHECK-LABEL: func @delta
func.func @delta(%q: tensor<2x8x?x16xf32>, %dout: tensor<2x8x?x16xf32>, %o: tensor<2x8x?x16xf32>, %l: tensor<2x8x?xf32>)
    -> (tensor<2x8x?xf32>, tensor<2x8x?xf32>) {
  // CHECK: scf.forall {{.*}} step (1, 1, 128) shared_outs(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) ->
  // CHECK: %[[TILE:.*]]:2 = longnet.attend
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[TILE]]#0
  // CHECK-NOT: longnet.attend
  %out:2 = longnet.attend [<segment = 32, dilation = 2>]
      ins(%q, %q, %q : tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>)
      outs(%o, %l : tensor<2x8x?x16xf32>, tensor<2x8x?xf32>) -> tensor<2x8x?x16xf32>, tensor<2x8x?xf32>
  %delta = linalg.generic {indexing_maps = [affine_map<(b, h, n, d) -> (b, h, n, d)>, affine_map<(b, h, n, d) -> (b, h, n, d)>,
                                            affine_map<(b, h, n, d) -> (b, h, n)>],
                           iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%dout, %out#0 : tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>) outs(%l : tensor<2x8x?xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %s = math.fma %x, %y, %z : f32
    linalg.yield %s : f32
  } -> tensor<2x8x?xf32>
  return %delta, %out#1 : tensor<2x8x?xf32>, tensor<2x8x?xf32>
}

// -----

// Sums over rows read an output that is there.
// CHECK-LABEL: func @columns
// CHECK: scf.forall
// CHECK: longnet.attend
// CHECK: scf.forall.in_parallel
// CHECK: linalg.generic
func.func @columns(%q: tensor<2x8x?x16xf32>, %o: tensor<2x8x?x16xf32>, %l: tensor<2x8x?xf32>, %s: tensor<2x8x16xf32>)
    -> tensor<2x8x16xf32> {
  %out:2 = longnet.attend [<segment = 32, dilation = 2>]
      ins(%q, %q, %q : tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>)
      outs(%o, %l : tensor<2x8x?x16xf32>, tensor<2x8x?xf32>) -> tensor<2x8x?x16xf32>, tensor<2x8x?xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(b, h, d, n) -> (b, h, n, d)>, affine_map<(b, h, d, n) -> (b, h, d)>],
                         iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%out#0 : tensor<2x8x?x16xf32>) outs(%s : tensor<2x8x16xf32>) {
  ^bb0(%x: f32, %z: f32):
    %r = arith.addf %x, %z : f32
    linalg.yield %r : f32
  } -> tensor<2x8x16xf32>
  return %sum : tensor<2x8x16xf32>
}

// -----

// Where a dilation keeps few queries, a task takes 256 if their packed rows fit: 256 * (16 + 16) * 4 bytes.
// FITS-LABEL: func @attend
// FITS: scf.forall {{.*}} step (1, 1, 128)
// FITS-LABEL: func @dilated
// FITS: scf.forall {{.*}} step (1, 1, 256)
// FULL-LABEL: func @dilated
// FULL: scf.forall {{.*}} step (1, 1, 128)
// CHECK-LABEL: func @dilated
// CHECK: scf.forall {{.*}} step (1, 1, 128)
func.func @dilated(%q: tensor<2x8x?x16xf32>, %o: tensor<2x8x?x16xf32>, %l: tensor<2x8x?xf32>)
    -> (tensor<2x8x?x16xf32>, tensor<2x8x?xf32>) {
  %r:2 = longnet.attend [<segment = 32, dilation = 2>, <segment = 64, dilation = 5>]
      ins(%q, %q, %q : tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>, tensor<2x8x?x16xf32>)
      outs(%o, %l : tensor<2x8x?x16xf32>, tensor<2x8x?xf32>) -> tensor<2x8x?x16xf32>, tensor<2x8x?xf32>
  return %r#0, %r#1 : tensor<2x8x?x16xf32>, tensor<2x8x?xf32>
}

// -----

// So it does where bf16 goes to a matrix unit.
// MATRIX-LABEL: func @attend
// MATRIX: scf.forall {{.*}} step (1, 1, 128)
// MATRIX-LABEL: func @half
// MATRIX: scf.forall {{.*}} step (1, 1, 256)
// FITS-LABEL: func @half
// FITS: scf.forall {{.*}} step (1, 1, 128)
func.func @half(%q: tensor<2x8x?x16xbf16>, %o: tensor<2x8x?x16xbf16>, %l: tensor<2x8x?xf32>) -> tensor<2x8x?x16xbf16> {
  %out, %lse = longnet.attend [<segment = 32, dilation = 2>]
      ins(%q, %q, %q : tensor<2x8x?x16xbf16>, tensor<2x8x?x16xbf16>, tensor<2x8x?x16xbf16>)
      outs(%o, %l : tensor<2x8x?x16xbf16>, tensor<2x8x?xf32>) -> tensor<2x8x?x16xbf16>, tensor<2x8x?xf32>
  return %out : tensor<2x8x?x16xbf16>
}
