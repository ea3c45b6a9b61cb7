// RUN: longnet-opt %s -longnet-decompose -longnet-fuse -canonicalize \
// RUN:   | FileCheck %s -enable-var-scope --implicit-check-not="longnet.{{segment|sparsify|attention|scatter|combine}}"
// RUN: longnet-opt %s -longnet-decompose -canonicalize -cse -longnet-fuse -canonicalize \
// RUN:   | FileCheck %s -enable-var-scope --implicit-check-not="longnet.{{segment|sparsify|attention|scatter|combine}}"

// What `longnet-decompose` takes apart, `longnet-fuse` puts together.

!static = tensor<1x4x100x8xf32>
!static_lse = tensor<1x4x100xf32>
!dynamic = tensor<?x?x?x8xf32>
!dynamic_lse = tensor<?x?x?xf32>

// CHECK-LABEL: func @branches
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{[^%]*}}%[[V:[^:]*]]: {{.*}})
// CHECK-DAG: %[[O:.*]] = tensor.empty() : tensor<1x4x100x8xf32>
// CHECK-DAG: %[[L:.*]] = tensor.empty() : tensor<1x4x100xf32>
// CHECK: %[[A:.*]]:2 = longnet.attend [<segment = 16, dilation = 1>, <segment = 32, dilation = 3, heads = [0, 2, 1, 0]>] causal
// CHECK-SAME: ins(%[[Q]], %[[K]], %[[V]] :
// CHECK-SAME: outs(%[[O]], %[[L]] :
// CHECK-NEXT: return %[[A]]#0, %[[A]]#1
func.func @branches(%q: !static, %k: !static, %v: !static) -> (!static, !static_lse) {
  %0:2 = longnet.dilated_attention %q, %k, %v
      branches = [<segment = 16, dilation = 1>, <segment = 32, dilation = 3, heads = [0, 2, 1, 0]>] causal
      : (!static, !static, !static) -> (!static, !static_lse)
  return %0#0, %0#1 : !static, !static_lse
}

// CHECK-LABEL: func @dynamic
// CHECK-SAME: (%[[Q:[^:]*]]: {{[^%]*}}%[[K:[^:]*]]: {{[^%]*}}%[[V:[^:]*]]: {{[^%]*}})
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[Q]], %[[C0]]
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[Q]], %[[C1]]
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[Q]], %[[C2]]
// CHECK-DAG: %[[O:.*]] = tensor.empty(%[[B]], %[[H]], %[[N]]) : tensor<?x?x?x5xf32>
// CHECK-DAG: %[[L:.*]] = tensor.empty(%[[B]], %[[H]], %[[N]]) : tensor<?x?x?xf32>
// CHECK: longnet.attend [<segment = 16, dilation = 3>] ins(%[[Q]], %[[K]], %[[V]] : {{.*}} outs(%[[O]], %[[L]] :
func.func @dynamic(%q: !dynamic, %k: !dynamic, %v: tensor<?x?x?x5xf32>) -> (tensor<?x?x?x5xf32>, !dynamic_lse) {
  %0:2 = longnet.dilated_attention %q, %k, %v branches = [<segment = 16, dilation = 3>]
      : (!dynamic, !dynamic, tensor<?x?x?x5xf32>) -> (tensor<?x?x?x5xf32>, !dynamic_lse)
  return %0#0, %0#1 : tensor<?x?x?x5xf32>, !dynamic_lse
}

// CHECK-LABEL: func @operands
// CHECK-SAME: %[[OFFSET:[^:]*]]: index, %[[LENGTHS:[^:]*]]: tensor<?xindex>)
// CHECK: longnet.attend [<segment = 16, dilation = 3>] causal scale = 5.000000e-01 query_offset %[[OFFSET]] ins({{.*}} kv_lengths(%[[LENGTHS]] :
func.func @operands(%q: !dynamic, %k: !dynamic, %v: !dynamic, %offset: index, %lengths: tensor<?xindex>)
    -> (!dynamic, !dynamic_lse) {
  %0:2 = longnet.dilated_attention %q, %k, %v query_offset %offset kv_lengths %lengths : tensor<?xindex>
      branches = [<segment = 16, dilation = 3>] causal scale = 0.5
      : (!dynamic, !dynamic, !dynamic) -> (!dynamic, !dynamic_lse)
  return %0#0, %0#1 : !dynamic, !dynamic_lse
}

// A known offset makes pieces of known sizes, which canonicalization tells by
// casts.
//
// CHECK-LABEL: func @known_offset
// CHECK: longnet.attend [<segment = 16, dilation = 1>, <segment = 32, dilation = 3>] query_offset %{{.*}} ins(
func.func @known_offset(%q: tensor<1x4x7x8xf32>, %k: !static) -> (tensor<1x4x7x8xf32>, tensor<1x4x7xf32>) {
  %offset = arith.constant 90 : index
  %0:2 = longnet.dilated_attention %q, %k, %k query_offset %offset
      branches = [<segment = 16, dilation = 1>, <segment = 32, dilation = 3>]
      : (tensor<1x4x7x8xf32>, !static, !static) -> (tensor<1x4x7x8xf32>, tensor<1x4x7xf32>)
  return %0#0, %0#1 : tensor<1x4x7x8xf32>, tensor<1x4x7xf32>
}

// CHECK-LABEL: func @grouped_heads
// CHECK: longnet.attend {{.*}} : tensor<1x4x100x8xf32>, tensor<1x2x100x8xf32>, tensor<1x2x100x8xf32>)
func.func @grouped_heads(%q: !static, %k: tensor<1x2x100x8xf32>) -> (!static, !static_lse) {
  %0:2 = longnet.dilated_attention %q, %k, %k branches = [<segment = 16, dilation = 3>]
      : (!static, tensor<1x2x100x8xf32>, tensor<1x2x100x8xf32>) -> (!static, !static_lse)
  return %0#0, %0#1 : !static, !static_lse
}

// CHECK-LABEL: func @grouped_heads_of_long_keys
// CHECK: longnet.attend {{.*}} : tensor<1x4x100x8xf32>, tensor<1x2x900x8xf32>, tensor<1x2x900x8xf32>)
func.func @grouped_heads_of_long_keys(%q: !static, %k: tensor<1x2x900x8xf32>) -> (!static, !static_lse) {
  %0:2 = longnet.dilated_attention %q, %k, %k branches = [<segment = 16, dilation = 3>]
      : (!static, tensor<1x2x900x8xf32>, tensor<1x2x900x8xf32>) -> (!static, !static_lse)
  return %0#0, %0#1 : !static, !static_lse
}

// CHECK-LABEL: func @grouped_heads_dynamic
// CHECK: longnet.attend {{.*}} : tensor<1x4x100x8xf32>, tensor<1x?x100x8xf32>, tensor<1x?x100x8xf32>)
func.func @grouped_heads_dynamic(%q: !static, %k: tensor<1x?x100x8xf32>, %v: tensor<1x?x100x8xf32>) -> (!static, !static_lse) {
  %0:2 = longnet.dilated_attention %q, %k, %v branches = [<segment = 16, dilation = 3>]
      : (!static, tensor<1x?x100x8xf32>, tensor<1x?x100x8xf32>) -> (!static, !static_lse)
  return %0#0, %0#1 : !static, !static_lse
}

// One kernel rounds its own result.
//
// CHECK-LABEL: func @storage_type
// CHECK: longnet.attend {{.*}} outs({{.*}} : tensor<1x4x100x8xbf16>, tensor<1x4x100xf32>)
// CHECK-NOT: linalg.generic
func.func @storage_type(%q: tensor<1x4x100x8xbf16>) -> (tensor<1x4x100x8xbf16>, !static_lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 16, dilation = 1>, <segment = 32, dilation = 3>]
      : (tensor<1x4x100x8xbf16>, tensor<1x4x100x8xbf16>, tensor<1x4x100x8xbf16>) -> (tensor<1x4x100x8xbf16>, !static_lse)
  return %0#0, %0#1 : tensor<1x4x100x8xbf16>, !static_lse
}

// CHECK-LABEL: func @double
// CHECK: longnet.attend {{.*}} outs({{.*}} : tensor<1x4x9x8xf64>, tensor<1x4x9xf64>)
func.func @double(%q: tensor<1x4x9x8xf64>) -> (tensor<1x4x9x8xf64>, tensor<1x4x9xf64>) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 16, dilation = 1>]
      : (tensor<1x4x9x8xf64>, tensor<1x4x9x8xf64>, tensor<1x4x9x8xf64>) -> (tensor<1x4x9x8xf64>, tensor<1x4x9xf64>)
  return %0#0, %0#1 : tensor<1x4x9x8xf64>, tensor<1x4x9xf64>
}

// Rows stay where they are if the dilation divides the segment length, or if
// there is one segment.
//
// CHECK-LABEL: func @torchscale
// CHECK: longnet.attend [<segment = 16, dilation = 2, heads = blocked, padding = torchscale>] ins(
func.func @torchscale(%q: !dynamic, %k: !dynamic) -> (!dynamic, !dynamic_lse) {
  %0:2 = longnet.dilated_attention %q, %k, %k
      branches = [<segment = 16, dilation = 2, heads = blocked, padding = torchscale>]
      : (!dynamic, !dynamic, !dynamic) -> (!dynamic, !dynamic_lse)
  return %0#0, %0#1 : !dynamic, !dynamic_lse
}

// CHECK-LABEL: func @torchscale_one_segment
// CHECK: longnet.attend [<segment = 1024, dilation = 3, heads = blocked, padding = torchscale>] ins(
func.func @torchscale_one_segment(%q: !static) -> (!static, !static_lse) {
  %0:2 = longnet.dilated_attention %q, %q, %q
      branches = [<segment = 1024, dilation = 3, heads = blocked, padding = torchscale>]
      : (!static, !static, !static) -> (!static, !static_lse)
  return %0#0, %0#1 : !static, !static_lse
}

// Sizes that the result knows, the kernel's destination knows.
//
// CHECK-LABEL: func @result_types
// CHECK: longnet.attend {{.*}} outs({{.*}} : tensor<?x4x9x8xf32>, tensor<?x4x9xf32>)
func.func @result_types(%q: !dynamic) -> (tensor<?x4x9x8xf32>, tensor<?x?x9xf32>) {
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 2>, <segment = 8, dilation = 2>]
      : (!dynamic, !dynamic, !dynamic) -> (tensor<?x4x9x8xf32>, tensor<?x?x9xf32>)
  return %0#0, %0#1 : tensor<?x4x9x8xf32>, tensor<?x?x9xf32>
}
