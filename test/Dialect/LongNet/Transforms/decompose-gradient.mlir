// RUN: longnet-opt %s --longnet-decompose --canonicalize --cse --split-input-file | FileCheck %s --enable-var-scope

// A chain that starts from zeros, with one delta for all branches.
// CHECK-LABEL: func @exact
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<2x4x?x16xbf16>, %[[K:[a-z0-9]*]]: tensor<2x2x?x16xbf16>, %[[V:[a-z0-9]*]]: tensor<2x2x?x8xbf16>
// CHECK-SAME: %[[OUT:[a-z0-9]*]]: tensor<2x4x?x8xbf16>, %[[LSE:[a-z0-9]*]]: tensor<2x4x?xf32>, %[[DOUT:[a-z0-9]*]]: tensor<2x4x?x8xbf16>
func.func @exact(%q: tensor<2x4x?x16xbf16>, %k: tensor<2x2x?x16xbf16>, %v: tensor<2x2x?x8xbf16>,
                 %out: tensor<2x4x?x8xbf16>, %lse: tensor<2x4x?xf32>, %dout: tensor<2x4x?x8xbf16>)
    -> (tensor<2x4x?x16xbf16>, tensor<2x2x?x16xbf16>, tensor<2x2x?x8xbf16>) {
  // CHECK-COUNT-3: linalg.fill ins(%{{.*}} : bf16)
  // CHECK: %[[DELTA:.*]] = linalg.generic
  // CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "reduction"]
  // CHECK-SAME: ins(%[[DOUT]], %[[OUT]]
  // CHECK-COUNT-2: arith.extf
  // CHECK: math.fma
  // CHECK: %[[ONE:.*]]:3 = longnet.attend_grad <segment = 32, dilation = 1> causal
  // CHECK-SAME: ins(%[[Q]], %[[K]], %[[V]], %[[LSE]], %[[DELTA]], %[[DOUT]]
  // CHECK: %[[TWO:.*]]:3 = longnet.attend_grad <segment = 64, dilation = 2> causal
  // CHECK-SAME: ins(%[[Q]], %[[K]], %[[V]], %[[LSE]], %[[DELTA]], %[[DOUT]]
  // CHECK-SAME: outs(%[[ONE]]#0, %[[ONE]]#1, %[[ONE]]#2
  // CHECK: return %[[TWO]]#0, %[[TWO]]#1, %[[TWO]]#2
  %dq, %dk, %dv = longnet.dilated_attention_grad %q, %k, %v
      results(%out, %lse : tensor<2x4x?x8xbf16>, tensor<2x4x?xf32>) gradient(%dout : tensor<2x4x?x8xbf16>)
      branches = [<segment = 32, dilation = 1>, <segment = 64, dilation = 2>] causal
      : tensor<2x4x?x16xbf16>, tensor<2x2x?x16xbf16>, tensor<2x2x?x8xbf16>
  return %dq, %dk, %dv : tensor<2x4x?x16xbf16>, tensor<2x2x?x16xbf16>, tensor<2x2x?x8xbf16>
}

// -----

// Detached, every branch is attended to alone; the gradient of lse is taken off
// its delta.
// CHECK-LABEL: func @detached
func.func @detached(%q: tensor<1x2x64x16xf32>, %lse: tensor<1x2x64xf32>, %at: index, %len: tensor<1xindex>)
    -> (tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>) {
  // CHECK: %[[ALONE:.*]]:2 = longnet.attend [<segment = 32, dilation = 1>] query_offset %{{.*}} ins
  // CHECK-SAME: kv_lengths
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[ALONE]]#0
  // CHECK: %[[DELTA:.*]] = linalg.sub
  // CHECK: longnet.attend_grad <segment = 32, dilation = 1> query_offset %{{.*}} ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[DELTA]],
  // CHECK: longnet.attend [<segment = 64, dilation = 2>]
  // CHECK: linalg.sub
  // CHECK: longnet.attend_grad <segment = 64, dilation = 2>
  %dq, %dk, %dv = longnet.dilated_attention_grad %q, %q, %q
      results(%q, %lse : tensor<1x2x64x16xf32>, tensor<1x2x64xf32>) gradient(%q : tensor<1x2x64x16xf32>)
      lse_gradient(%lse : tensor<1x2x64xf32>) query_offset %at kv_lengths %len : tensor<1xindex>
      branches = [<segment = 32, dilation = 1>, <segment = 64, dilation = 2>] detached
      : tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>
  return %dq, %dk, %dv : tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>
}
