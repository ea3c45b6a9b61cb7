// RUN: longnet-opt %s -split-input-file -verify-diagnostics

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @no_branch(%q: !seq) {
  // expected-error @below {{expects at least one branch}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [] : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @listed_phases(%q: !seq) {
  // expected-error @below {{branch 1 lists 3 phases, for 4 heads}}
  %0:2 = longnet.dilated_attention %q, %q, %q
      branches = [<segment = 4, dilation = 1>, <segment = 4, dilation = 2, heads = [0, 1, 0]>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x?x9x8xf32>
!lse = tensor<1x?x9xf32>
func.func @listed_phases_of_dynamic_heads(%q: !seq) {
  // expected-error @below {{branch 0 lists 2 phases, for a dynamic number of heads}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 2, heads = [0, 1]>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_causal(%q: !seq) {
  // expected-error @below {{branch 0: padding = torchscale has no meaning with causal attention}}
  %0:2 = longnet.dilated_attention %q, %q, %q
      branches = [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>] causal
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_lengths(%q: !seq, %lengths: tensor<1xindex>) {
  // expected-error @below {{branch 0: padding = torchscale has no meaning with key lengths}}
  %0:2 = longnet.dilated_attention %q, %q, %q kv_lengths %lengths : tensor<1xindex>
      branches = [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_offset(%q: !seq, %offset: index) {
  // expected-error @below {{branch 0: padding = torchscale has no meaning with an offset}}
  %0:2 = longnet.dilated_attention %q, %q, %q query_offset %offset
      branches = [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_rows(%q: !seq, %k: tensor<1x4x10x8xf32>) {
  // expected-error @below {{expects one number of rows with padding = torchscale, got 9 in query and 10 in key}}
  %0:2 = longnet.dilated_attention %q, %k, %k
      branches = [<segment = 4, dilation = 2, heads = blocked, padding = torchscale>]
      : (!seq, tensor<1x4x10x8xf32>, tensor<1x4x10x8xf32>) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @element_types(%q: !seq, %v: tensor<1x4x9x8xf16>) {
  // expected-error @below {{expects one element type, got 'f32' in query and 'f16' in value}}
  %0:2 = longnet.dilated_attention %q, %q, %v branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, tensor<1x4x9x8xf16>) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x?xf32>
!lse = tensor<1x4x9xf32>
func.func @dynamic_head_dimension(%q: !seq) {
  // expected-error @below {{expects a static, positive head dimension in query}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @head_dimension(%q: !seq, %k: tensor<1x4x9x6xf32>) {
  // expected-error @below {{expects one head dimension, got 8 in query and 6 in key}}
  %0:2 = longnet.dilated_attention %q, %k, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, tensor<1x4x9x6xf32>, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @batch_size(%q: !seq, %k: tensor<2x4x9x8xf32>) {
  // expected-error @below {{expects one batch size, got 1 in query and 2 in key}}
  %0:2 = longnet.dilated_attention %q, %k, %k branches = [<segment = 4, dilation = 1>]
      : (!seq, tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @key_heads(%q: !seq, %k: tensor<1x2x9x8xf32>) {
  // expected-error @below {{expects one number of key and value heads, got 2 in key and 4 in value}}
  %0:2 = longnet.dilated_attention %q, %k, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, tensor<1x2x9x8xf32>, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @key_rows(%q: !seq, %k: tensor<1x4x10x8xf32>) {
  // expected-error @below {{expects one number of key and value rows, got 10 in key and 9 in value}}
  %0:2 = longnet.dilated_attention %q, %k, %q branches = [<segment = 4, dilation = 1>]
      : (!seq, tensor<1x4x10x8xf32>, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @head_groups(%q: !seq, %k: tensor<1x3x9x8xf32>) {
  // expected-error @below {{expects the query heads (4) to be a multiple of the key heads (3)}}
  %0:2 = longnet.dilated_attention %q, %k, %k branches = [<segment = 4, dilation = 1>]
      : (!seq, tensor<1x3x9x8xf32>, tensor<1x3x9x8xf32>) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @lengths(%q: !seq, %lengths: tensor<2xindex>) {
  // expected-error @below {{expects one batch size, got 1 in query and 2 in kv_lengths}}
  %0:2 = longnet.dilated_attention %q, %q, %q kv_lengths %lengths : tensor<2xindex>
      branches = [<segment = 4, dilation = 1>] : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @negative_offset(%q: !seq) {
  %offset = arith.constant -1 : index
  // expected-error @below {{expects a query offset of at least 0, got -1}}
  %0:2 = longnet.dilated_attention %q, %q, %q query_offset %offset
      branches = [<segment = 4, dilation = 1>] : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @infinite_scale(%q: !seq) {
  // expected-error @below {{expects a scale in the range of}}
  %0:2 = longnet.dilated_attention %q, %q, %q branches = [<segment = 4, dilation = 1>]
      scale = 0x7FF0000000000000 : (!seq, !seq, !seq) -> (!seq, !lse)
  return
}
