// RUN: longnet-opt %s --canonicalize | FileCheck %s --enable-var-scope

// What is said by default is dropped; what says more stays.
// CHECK-LABEL: func @attend
func.func @attend(%q: tensor<1x4x9x16xf32>, %o: tensor<1x4x9x16xf32>, %l: tensor<1x4x9xf32>)
    -> (tensor<1x4x9x16xf32>, tensor<1x4x9xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9xf32>) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  // CHECK: longnet.attend [<segment = 4, dilation = 2>] ins
  %a:2 = longnet.attend [<segment = 4, dilation = 2>] scale = 0.25 query_offset %c0 key_offset %c0 heads %c0 of %c4
      ins(%q, %q, %q : tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>)
      outs(%o, %l : tensor<1x4x9x16xf32>, tensor<1x4x9xf32>) -> tensor<1x4x9x16xf32>, tensor<1x4x9xf32>
  // CHECK: longnet.attend [<segment = 4, dilation = 2>] scale = 5.000000e-01 key_offset %{{.*}} heads %{{.*}} of %{{.*}} ins
  %b:2 = longnet.attend [<segment = 4, dilation = 2>] scale = 0.5 query_offset %c0 key_offset %c4 heads %c0 of %c8
      ins(%q, %q, %q : tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>)
      outs(%o, %l : tensor<1x4x9x16xf32>, tensor<1x4x9xf32>) -> tensor<1x4x9x16xf32>, tensor<1x4x9xf32>
  return %a#0, %a#1, %b#0, %b#1 : tensor<1x4x9x16xf32>, tensor<1x4x9xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9xf32>
}

// CHECK-LABEL: func @attend_grad
func.func @attend_grad(%q: tensor<1x4x9x16xf32>, %l: tensor<1x4x9xf32>)
    -> (tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  // CHECK: longnet.attend_grad <segment = 4, dilation = 2> ins
  %a:3 = longnet.attend_grad <segment = 4, dilation = 2> scale = 0.25 query_offset %c0 key_offset %c0 heads %c0 of %c4
      ins(%q, %q, %q, %l, %l, %q : tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>,
          tensor<1x4x9xf32>, tensor<1x4x9xf32>, tensor<1x4x9x16xf32>)
      outs(%q, %q, %q : tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>)
      -> tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>
  // CHECK: longnet.attend_grad <segment = 4, dilation = 2> scale = 5.000000e-01 key_offset %{{.*}} heads %{{.*}} of %{{.*}} ins
  %b:3 = longnet.attend_grad <segment = 4, dilation = 2> scale = 0.5 query_offset %c0 key_offset %c4 heads %c0 of %c8
      ins(%q, %q, %q, %l, %l, %q : tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>,
          tensor<1x4x9xf32>, tensor<1x4x9xf32>, tensor<1x4x9x16xf32>)
      outs(%a#0, %a#1, %a#2 : tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>)
      -> tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>
  return %b#0, %b#1, %b#2 : tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>, tensor<1x4x9x16xf32>
}

// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<1x1x1x4x16xf32>, %p: tensor<1x4xindex>, %o: tensor<1x1x1x4x16xf32>, %l: tensor<1x1x1x4xf32>)
    -> (tensor<1x1x1x4x16xf32>, tensor<1x1x1x4xf32>) {
  // CHECK: longnet.attention causal ins
  %a:2 = longnet.attention causal scale = 0.25
      ins(%q, %q, %q : tensor<1x1x1x4x16xf32>, tensor<1x1x1x4x16xf32>, tensor<1x1x1x4x16xf32>)
      at(%p, %p : tensor<1x4xindex>, tensor<1x4xindex>)
      outs(%o, %l : tensor<1x1x1x4x16xf32>, tensor<1x1x1x4xf32>) -> tensor<1x1x1x4x16xf32>, tensor<1x1x1x4xf32>
  return %a#0, %a#1 : tensor<1x1x1x4x16xf32>, tensor<1x1x1x4xf32>
}
