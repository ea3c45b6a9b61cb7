// RUN: longnet-opt %s -longnet-decompose -split-input-file | FileCheck %s -enable-var-scope

// As many queries as keys: one grid, and one set of rows, for all three.

!seq = tensor<1x4x100x8xbf16>
!lse = tensor<1x4x100xf32>

// CHECK-LABEL: func @branches
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{[^%]*}}%[[V:[^:]*]]: {{[^%]*}})
// CHECK: %[[N:.*]] = arith.constant 100 : index
// CHECK: %[[ROWS:.*]]:3, %[[AT:.*]] = longnet.segment %[[Q]], %[[K]], %[[V]] by 16 : {{.*}} -> (tensor<1x4x7x16x8xbf16>,
// CHECK: %[[KEPT:.*]]:3, %[[P:.*]] = longnet.sparsify <segment = 16, dilation = 1> %[[ROWS]]#0, %[[ROWS]]#1, %[[ROWS]]#2 at %[[AT]] :
// CHECK: %[[O:.*]] = tensor.empty() : tensor<1x4x7x16x8xf32>
// CHECK: %[[L:.*]] = tensor.empty() : tensor<1x4x7x16xf32>
// CHECK: %[[A:.*]]:2 = longnet.attention causal ins(%[[KEPT]]#0, %[[KEPT]]#1, %[[KEPT]]#2 :
// CHECK-SAME: at(%[[P]], %[[P]] :
// CHECK-SAME: outs(%[[O]], %[[L]] :
// CHECK: %[[OUT1:.*]], %[[LSE1:.*]] = longnet.scatter %[[A]]#0, %[[A]]#1 at %[[P]] into %[[N]] : {{.*}} -> (tensor<1x4x100x8xf32>, tensor<1x4x100xf32>)
// CHECK: longnet.segment {{.*}} by 32 :
// CHECK: longnet.sparsify <segment = 32, dilation = 3, heads = blocked> {{.*}} -> (tensor<1x4x4x11x8xbf16>,
// CHECK: longnet.attention causal ins({{.*}} outs({{.*}} : tensor<1x4x4x11x8xf32>, tensor<1x4x4x11xf32>)
// CHECK: %[[OUT2:.*]], %[[LSE2:.*]] = longnet.scatter
// CHECK: longnet.combine(%[[OUT1]], %[[OUT2]]), (%[[LSE1]], %[[LSE2]]) : {{.*}} -> (tensor<1x4x100x8xbf16>, tensor<1x4x100xf32>)
func.func @branches(%q: !seq, %k: !seq, %v: !seq) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %k, %v
      branches = [<segment = 16, dilation = 1>, <segment = 32, dilation = 3, heads = blocked>] causal
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// -----

// CHECK-LABEL: func @lengths_and_scale
// CHECK-SAME: %[[LENGTHS:[^:]*]]: tensor<1xindex>)
// CHECK: longnet.attention scale = 5.000000e-01 ins({{.*}} kv_lengths(%[[LENGTHS]] : tensor<1xindex>) outs({{.*}} -> tensor<1x4x7x16x5xf64>, tensor<1x4x7x16xf64>
// CHECK: longnet.scatter {{.*}} -> (tensor<1x4x100x5xf64>, tensor<1x4x100xf64>)
func.func @lengths_and_scale(%q: tensor<1x4x100x8xf64>, %v: tensor<1x4x100x5xf64>, %lengths: tensor<1xindex>)
    -> (tensor<1x4x100x5xf64>, tensor<1x4x100xf64>) {
  %0:2 = longnet.dilated_attention %q, %q, %v kv_lengths %lengths : tensor<1xindex>
      branches = [<segment = 16, dilation = 1>] scale = 0.5
      : (tensor<1x4x100x8xf64>, tensor<1x4x100x8xf64>, tensor<1x4x100x5xf64>) -> (tensor<1x4x100x5xf64>, tensor<1x4x100xf64>)
  return %0#0, %0#1 : tensor<1x4x100x5xf64>, tensor<1x4x100xf64>
}

// -----

// Nothing is known of the sizes: keys are cut on the grid of the queries and
// spread over their heads.

!seq = tensor<?x?x?x8xf32>
!lse = tensor<?x?x?xf32>

// CHECK-DAG: #[[$SEGMENTS:.*]] = affine_map<()[s0, s1] -> ((s0 + s1) ceildiv 16 - s0 floordiv 16)>
// CHECK-DAG: #[[$WIDTH:.*]] = affine_map<()[s0] -> (s0, 16)>
// CHECK-DAG: #[[$KEPT:.*]] = affine_map<()[s0] -> (s0 ceildiv 3)>

// CHECK-LABEL: func @dynamic
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{[^%]*}}%[[V:[^:]*]]: {{[^%]*}}%[[OFFSET:[^:]*]]: index)
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK: %[[QROWS:.*]], %[[QAT:.*]] = longnet.segment %[[Q]] by 16 origin %[[OFFSET]] :
// CHECK: %[[KROWS:.*]]:2, %[[KAT:.*]] = longnet.segment %[[K]], %[[V]] by 16 grid %[[QAT]] :
// CHECK: %[[H:.*]] = tensor.dim %[[Q]], %[[C1]]
// CHECK: %[[QKEPT:.*]], %[[QP:.*]] = longnet.sparsify <segment = 16, dilation = 3> %[[QROWS]] at %[[QAT]] :
// CHECK: %[[KKEPT:.*]]:2, %[[KP:.*]] = longnet.sparsify <segment = 16, dilation = 3> %[[KROWS]]#0, %[[KROWS]]#1 at %[[KAT]] heads %[[H]] :
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[Q]], %[[C2]]
// CHECK-DAG: %[[G:.*]] = affine.apply #[[$SEGMENTS]]()[%[[OFFSET]], %{{.*}}]
// CHECK-DAG: %[[W:.*]] = affine.min #[[$WIDTH]]()[%{{.*}}]
// CHECK-DAG: %[[M:.*]] = affine.apply #[[$KEPT]]()[%[[W]]]
// CHECK: tensor.empty(%{{.*}}, %{{.*}}, %[[G]], %[[M]]) : tensor<?x?x?x?x8xf32>
// CHECK: %[[A:.*]]:2 = longnet.attention causal ins(%[[QKEPT]], %[[KKEPT]]#0, %[[KKEPT]]#1 : {{.*}} at(%[[QP]], %[[KP]] :
// CHECK: longnet.scatter %[[A]]#0, %[[A]]#1 at %[[QP]] into %{{.*}} origin %[[OFFSET]] :
func.func @dynamic(%q: !seq, %k: !seq, %v: !seq, %offset: index) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %k, %v query_offset %offset
      branches = [<segment = 16, dilation = 3>] causal : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// CHECK-LABEL: func @dynamic_rows
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{.*}})
// CHECK: %[[QROWS:.*]], %[[AT:.*]] = longnet.segment %[[Q]] by 16 :
// CHECK: longnet.segment %[[K]], %[[K]] by 16 grid %[[AT]] :
// CHECK-NOT: heads
func.func @dynamic_rows(%q: tensor<1x4x?x8xf32>, %k: tensor<1x4x?x8xf32>) -> (tensor<1x4x?x8xf32>, tensor<1x4x?xf32>) {
  %0:2 = longnet.dilated_attention %q, %k, %k branches = [<segment = 16, dilation = 3>]
      : (tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>) -> (tensor<1x4x?x8xf32>, tensor<1x4x?xf32>)
  return %0#0, %0#1 : tensor<1x4x?x8xf32>, tensor<1x4x?xf32>
}

// CHECK-LABEL: func @self
// CHECK-SAME: (%[[Q:[^:]*]]: {{.*}})
// CHECK: %[[ROWS:.*]]:3, %[[AT:.*]] = longnet.segment %[[Q]], %[[Q]], %[[Q]] by 16 :
// CHECK: longnet.sparsify <segment = 16, dilation = 3> %[[ROWS]]#0, %[[ROWS]]#1, %[[ROWS]]#2 at %[[AT]] :
func.func @self(%q: !seq) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 16, dilation = 3>] : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// Row counts agree where they come from one place, casts or not.
//
// CHECK-LABEL: func @same_rows
// CHECK: longnet.segment %{{.*}}, %{{.*}}, %{{.*}} by 16 :
func.func @same_rows(%x: tensor<1x4x?x8xf32>, %w: tensor<8x8xf32>) -> (!seq, !lse) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c2 : tensor<1x4x?x8xf32>
  %q = tensor.cast %x : tensor<1x4x?x8xf32> to !seq
  %k = tensor.empty(%n) : tensor<1x4x?x8xf32>
  %0:2 = longnet.dilated_attention %q, %k, %k branches = [<segment = 16, dilation = 3>]
      : (!seq, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// -----

!seq = tensor<1x4x9x8xf32>
!key = tensor<1x2x9x8xf32>
!long = tensor<1x2x90x8xf32>
!lse = tensor<1x4x9xf32>

// CHECK-LABEL: func @grouped_heads
// CHECK: longnet.sparsify <segment = 4, dilation = 2> %{{.*}}#0, %{{.*}}#1, %{{.*}}#2 at %{{.*}} : {{.*}} -> (tensor<1x4x3x2x8xf32>, tensor<1x4x3x2x8xf32>, tensor<1x4x3x2x8xf32>), tensor<4x3x2xindex>
func.func @grouped_heads(%q: !seq, %k: !key) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %k, %k branches = [<segment = 4, dilation = 2>] : (!seq, !key, !key) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// CHECK-LABEL: func @grouped_heads_of_long_keys
// CHECK: %[[HEADS:.*]] = arith.constant 4 : index
// CHECK: longnet.sparsify <segment = 4, dilation = 2> %{{.*}}#0, %{{.*}}#1 at %{{.*}} heads %[[HEADS]] : {{.*}} -> (tensor<1x4x3x2x8xf32>, tensor<1x4x3x2x8xf32>), tensor<4x3x2xindex>
func.func @grouped_heads_of_long_keys(%q: !seq, %k: !long) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %k, %k branches = [<segment = 4, dilation = 2>] : (!seq, !long, !long) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// Key and value heads agree, but only dilated_attention says so. `heads` says
// it of the pieces.
//
// CHECK-LABEL: func @grouped_heads_dynamic
// CHECK: %[[ROWS:.*]]:3, %[[AT:.*]] = longnet.segment
// CHECK: longnet.sparsify <segment = 4, dilation = 2> %[[ROWS]]#0 at %[[AT]] :
// CHECK: longnet.sparsify <segment = 4, dilation = 2> %[[ROWS]]#1, %[[ROWS]]#2 at %[[AT]] heads %{{.*}} :
func.func @grouped_heads_dynamic(%q: !seq, %k: tensor<1x?x9x8xf32>, %v: tensor<1x?x9x8xf32>) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %k, %v branches = [<segment = 4, dilation = 2>]
      : (!seq, tensor<1x?x9x8xf32>, tensor<1x?x9x8xf32>) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// -----

// torchscale's padding means as many queries as keys, and acts in `sparsify`.

!seq = tensor<1x4x?x8xf32>
!lse = tensor<1x4x?xf32>

// CHECK-LABEL: func @torchscale
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{.*}})
// CHECK: longnet.segment %[[Q]], %[[K]], %[[K]] by 5 :
// CHECK: %{{.*}}:3, %[[P:.*]] = longnet.sparsify <segment = 5, dilation = 2, heads = blocked, padding = torchscale>
// CHECK: longnet.attention ins({{.*}} at(%[[P]], %[[P]] :
// CHECK: longnet.scatter %{{.*}} at %[[P]] into
func.func @torchscale(%q: !seq, %k: !seq) -> (!seq, !lse) {
  %0:2 = longnet.dilated_attention %q, %k, %k
      branches = [<segment = 5, dilation = 2, heads = blocked, padding = torchscale>] : (!seq, !seq, !seq) -> (!seq, !lse)
  return %0#0, %0#1 : !seq, !lse
}

// Sizes that the result knows are kept without a cast.
//
// CHECK-LABEL: func @result_types
// CHECK-NOT: tensor.cast
// CHECK: longnet.combine{{.*}} -> (tensor<?x4x9x8xf32>, tensor<1x?x9xf32>)
func.func @result_types(%q: !seq) -> (tensor<?x4x9x8xf32>, tensor<1x?x9xf32>) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 2>]
      : (!seq, !seq, !seq) -> (tensor<?x4x9x8xf32>, tensor<1x?x9xf32>)
  return %0#0, %0#1 : tensor<?x4x9x8xf32>, tensor<1x?x9xf32>
}
