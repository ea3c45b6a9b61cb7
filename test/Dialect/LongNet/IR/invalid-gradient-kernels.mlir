// RUN: longnet-opt %s -split-input-file -verify-diagnostics

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @tensors_and_buffers(%q: !seq, %l: !lse, %dq: memref<1x4x9x8xf32>) {
  // expected-error @below {{expects all tensors or all buffers, got both}}
  longnet.attend_grad <segment = 4, dilation = 1> ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%dq, %dq, %dq : memref<1x4x9x8xf32>, memref<1x4x9x8xf32>, memref<1x4x9x8xf32>)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @no_results(%q: !seq, %l: !lse) {
  // expected-error @below {{expects 3 results, got 0}}
  longnet.attend_grad <segment = 4, dilation = 1> ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @result_types(%q: !seq, %l: !lse) {
  // expected-error @below {{expects result 2 of its destination's type 'tensor<1x4x9x8xf32>', got 'tensor<1x4x?x8xf32>'}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, tensor<1x4x?x8xf32>
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @element_types(%q: !seq, %v: tensor<1x4x9x8xf16>, %l: !lse) {
  // expected-error @below {{expects one element type, got 'f32' in query and 'f16' in value}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %v, %l, %l, %q : !seq, !seq, tensor<1x4x9x8xf16>, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @key_rows(%q: !seq, %k: tensor<1x4x10x8xf32>, %l: !lse) {
  // expected-error @below {{expects one number of key and value rows, got 10 in key and 9 in value}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %k, %q, %l, %l, %q : !seq, tensor<1x4x10x8xf32>, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @head_groups(%q: !seq, %k: tensor<1x3x9x8xf32>, %v: tensor<1x3x9x8xf32>, %l: !lse) {
  // expected-error @below {{expects the query heads (4) to be a multiple of the key heads (3)}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %k, %v, %l, %l, %q : !seq, tensor<1x3x9x8xf32>, tensor<1x3x9x8xf32>, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @scale(%q: !seq, %l: !lse) {
  // expected-error @below {{expects a scale in the range of 'f32', got 1.000000e+300}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1> scale = 1.0e300
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @head_offset_alone(%q: !seq, %l: !lse, %h: index) {
  // expected-error @below {{expects a head offset and a number of heads together}}
  %0:3 = "longnet.attend_grad"(%q, %q, %q, %l, %l, %q, %h, %q, %q, %q) <{
      branch = #longnet.branch<segment = 4, dilation = 1>,
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1>}>
      : (!seq, !seq, !seq, !lse, !lse, !seq, index, !seq, !seq, !seq) -> (!seq, !seq, !seq)
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @listed_phases(%q: !seq, %l: !lse, %h: index) {
  %heads = arith.constant 3 : index
  // expected-error @below {{branch 0 lists 4 phases, for 3 heads}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 2, heads = [0, 1, 0, 1]> heads %h of %heads
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @torchscale_key_offset(%q: !seq, %l: !lse, %x: index) {
  // expected-error @below {{branch 0: padding = torchscale has no meaning with an offset}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 2, heads = blocked, padding = torchscale> key_offset %x
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x?x8xf32>
!lse = tensor<1x4x?xf32>
func.func @torchscale_moves_rows(%q: !seq, %l: !lse) {
  // expected-error @below {{branch #longnet.branch<segment = 9, dilation = 2, heads = blocked, padding = torchscale> moves result rows off their query rows; keep it in pieces}}
  %0:3 = longnet.attend_grad <segment = 9, dilation = 2, heads = blocked, padding = torchscale>
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @negative_offset(%q: !seq, %l: !lse) {
  %x = arith.constant -2 : index
  // expected-error @below {{expects a key_offset of at least 0, got -2}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1> key_offset %x
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @too_many_heads(%q: !seq, %l: !lse) {
  %h = arith.constant 2 : index
  %n = arith.constant 5 : index
  // expected-error @below {{expects the query's heads, from 2 on, among 5}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1> heads %h of %n
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @lengths(%q: !seq, %l: !lse, %lengths: tensor<2xindex>) {
  // expected-error @below {{expects one batch size, got 1 in query and 2 in kv_lengths}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq) kv_lengths(%lengths : tensor<2xindex>)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @lse_rows(%q: !seq, %lse: tensor<1x4x8xf32>, %l: !lse) {
  // expected-error @below {{expects one number of query rows, got 9 in query and 8 in lse}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %lse, %l, %q : !seq, !seq, !seq, tensor<1x4x8xf32>, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @lse_type(%q: !seq, %lse: tensor<1x4x9xf64>, %l: !lse) {
  // expected-error @below {{expects lse of 'f32' for 'f32' sequences, got 'f64'}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %lse, %l, %q : !seq, !seq, !seq, tensor<1x4x9xf64>, !lse, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @out_gradient_heads(%q: !seq, %l: !lse, %do: tensor<1x2x9x8xf32>) {
  // expected-error @below {{expects one number of heads, got 4 in query and 2 in out_grad}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %l, %do : !seq, !seq, !seq, !lse, !lse, tensor<1x2x9x8xf32>)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @out_gradient_dimension(%q: !seq, %l: !lse, %do: tensor<1x4x9x6xf32>) {
  // expected-error @below {{expects one value dimension, got 8 in value and 6 in out_grad}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %l, %do : !seq, !seq, !seq, !lse, !lse, tensor<1x4x9x6xf32>)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @out_gradient_type(%q: !seq, %l: !lse, %do: tensor<1x4x9x8xbf16>) {
  // expected-error @below {{expects out_grad of 'f32', got 'bf16'}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %l, %do : !seq, !seq, !seq, !lse, !lse, tensor<1x4x9x8xbf16>)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @query_gradient_rows(%q: !seq, %l: !lse, %dq: tensor<1x4x8x8xf32>) {
  // expected-error @below {{expects one number of rows, got 9 in query and 8 in query_grad}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%dq, %q, %q : tensor<1x4x8x8xf32>, !seq, !seq) -> tensor<1x4x8x8xf32>, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf16>
!lse = tensor<1x4x9xf32>
func.func @query_gradient_type(%q: !seq, %l: !lse, %dq: tensor<1x4x9x8xbf16>) {
  // expected-error @below {{expects query_grad of 'f16' or 'f32', got 'bf16'}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%dq, %q, %q : tensor<1x4x9x8xbf16>, !seq, !seq) -> tensor<1x4x9x8xbf16>, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @key_gradient_heads(%q: !seq, %l: !lse, %dk: tensor<1x2x9x8xf32>) {
  // expected-error @below {{expects one number of heads, got 4 in key and 2 in key_grad}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %dk, %q : !seq, tensor<1x2x9x8xf32>, !seq) -> !seq, tensor<1x2x9x8xf32>, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @value_gradient_dimension(%q: !seq, %l: !lse, %dv: tensor<1x4x9x6xf32>) {
  // expected-error @below {{expects one head dimension, got 8 in value and 6 in value_grad}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %l, %q : !seq, !seq, !seq, !lse, !lse, !seq)
      outs(%q, %q, %dv : !seq, !seq, tensor<1x4x9x6xf32>) -> !seq, !seq, tensor<1x4x9x6xf32>
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @delta_rows(%q: !seq, %l: !lse, %delta: tensor<2x4x9xf32>) {
  // expected-error @below {{expects one batch size, got 1 in lse and 2 in delta}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %delta, %q : !seq, !seq, !seq, !lse, tensor<2x4x9xf32>, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!seq = tensor<1x4x9x8xf32>
!lse = tensor<1x4x9xf32>
func.func @delta_type(%q: !seq, %l: !lse, %delta: tensor<1x4x9xf64>) {
  // expected-error @below {{expects delta of 'f32', got 'f64'}}
  %0:3 = longnet.attend_grad <segment = 4, dilation = 1>
      ins(%q, %q, %q, %l, %delta, %q : !seq, !seq, !seq, !lse, tensor<1x4x9xf64>, !seq)
      outs(%q, %q, %q : !seq, !seq, !seq) -> !seq, !seq, !seq
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_buffers(%m: !mat, %r: !row, %k: tensor<4x4xf32>) {
  // expected-error @below {{expects all tensors or all buffers, got both}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %k, %m, %m, %m, %r, %r : !mat, !mat, tensor<4x4xf32>, !mat, !mat, !mat, !row, !row)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_positions_alone(%m: !mat, %r: !row, %at: memref<4xindex>) {
  // expected-error @below {{expects key positions and query limits together}}
  "longnet.attend_grad_tile"(%m, %m, %m, %m, %m, %m, %r, %r, %at, %m, %m, %m) <{
      scale = 1.0 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1>}>
      : (!mat, !mat, !mat, !mat, !mat, !mat, !row, !row, memref<4xindex>, !mat, !mat, !mat) -> ()
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_no_scale(%m: !mat, %r: !row) {
  // expected-error @below {{expects a positive scale}}
  longnet.attend_grad_tile scale = 0.0
      ins(%m, %m, %m, %m, %m, %m, %r, %r : !mat, !mat, !mat, !mat, !mat, !mat, !row, !row)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_scale(%m: !mat, %r: !row) {
  // expected-error @below {{expects a scale in the range of 'f32', got 1.000000e+300}}
  longnet.attend_grad_tile scale = 1.0e300
      ins(%m, %m, %m, %m, %m, %m, %r, %r : !mat, !mat, !mat, !mat, !mat, !mat, !row, !row)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_element_types(%m: !mat, %r: !row, %dor: memref<4x4xf16>) {
  // expected-error @below {{expects one element type, got 'f32' in query and 'f16' in out_grad_rows}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %m, %m, %m, %dor, %r, %r : !mat, !mat, !mat, !mat, !mat, memref<4x4xf16>, !row, !row)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_gradient_type(%m: !mat, %r: !row, %dk: memref<4x4xf64>) {
  // expected-error @below {{expects a state of 'f32'}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %m, %m, %m, %m, %r, %r : !mat, !mat, !mat, !mat, !mat, !mat, !row, !row)
      outs(%m, %dk, %m : !mat, memref<4x4xf64>, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_lse_type(%m: !mat, %r: !row, %l: memref<4xf64>) {
  // expected-error @below {{expects lse of 'f32'}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %m, %m, %m, %m, %l, %r : !mat, !mat, !mat, !mat, !mat, !mat, memref<4xf64>, !row)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_delta_type(%m: !mat, %r: !row, %delta: memref<4xf64>) {
  // expected-error @below {{expects delta of 'f32'}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %m, %m, %m, %m, %r, %delta : !mat, !mat, !mat, !mat, !mat, !mat, !row, memref<4xf64>)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_queries(%m: !mat, %r: !row, %qr: memref<5x4xf32>) {
  // expected-error @below {{expects one number of queries, got 4 in query and 5 in query_rows}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %qr, %m, %m, %m, %m, %r, %r : !mat, memref<5x4xf32>, !mat, !mat, !mat, !mat, !row, !row)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_query_limits(%m: !mat, %r: !row, %at: memref<4xindex>, %limits: memref<5xindex>) {
  // expected-error @below {{expects one number of queries, got 4 in query and 5 in query_limits}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %m, %m, %m, %m, %r, %r : !mat, !mat, !mat, !mat, !mat, !mat, !row, !row)
      visible(%at, %limits : memref<4xindex>, memref<5xindex>)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_keys(%m: !mat, %r: !row, %dv: memref<5x4xf32>) {
  // expected-error @below {{expects one number of keys, got 4 in key and 5 in value_grad}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %m, %m, %m, %m, %r, %r : !mat, !mat, !mat, !mat, !mat, !mat, !row, !row)
      outs(%m, %m, %dv : !mat, !mat, memref<5x4xf32>)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_key_positions(%m: !mat, %r: !row, %at: memref<5xindex>, %limits: memref<4xindex>) {
  // expected-error @below {{expects one number of keys, got 4 in key and 5 in key_positions}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %m, %m, %m, %m, %r, %r : !mat, !mat, !mat, !mat, !mat, !mat, !row, !row)
      visible(%at, %limits : memref<5xindex>, memref<4xindex>)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_head_dimension(%m: !mat, %r: !row, %dk: memref<4x5xf32>) {
  // expected-error @below {{expects one head dimension, got 4 in query and 5 in key_grad}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %m, %m, %m, %m, %r, %r : !mat, !mat, !mat, !mat, !mat, !mat, !row, !row)
      outs(%m, %dk, %m : !mat, memref<4x5xf32>, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_value_dimension(%m: !mat, %r: !row, %do: memref<5x4xf32>) {
  // expected-error @below {{expects one value dimension, got 4 in value and 5 in out_grad}}
  longnet.attend_grad_tile scale = 1.0
      ins(%m, %m, %m, %m, %do, %m, %r, %r : !mat, !mat, !mat, !mat, memref<5x4xf32>, !mat, !row, !row)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_pairs_of_f32(%m: !mat, %r: !row, %q: memref<2x4x2xf32>) {
  // expected-error @below {{expects pairs of bf16, got 'f32'}}
  longnet.attend_grad_tile scale = 1.0
      ins(%q, %q, %m, %m, %q, %q, %r, %r
          : memref<2x4x2xf32>, memref<2x4x2xf32>, !mat, !mat, memref<2x4x2xf32>, memref<2x4x2xf32>, !row, !row)
      key_columns(%m : !mat) outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!half = memref<4x4xbf16>
!pairs = memref<2x4x2xbf16>
!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_some_pairs(%h: !half, %p: !pairs, %m: !mat, %r: !row) {
  // expected-error @below {{expects all operands in pairs, or none}}
  longnet.attend_grad_tile scale = 1.0
      ins(%p, %p, %h, %h, %p, %h, %r, %r : !pairs, !pairs, !half, !half, !pairs, !half, !row, !row)
      key_columns(%h : !half) outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!half = memref<4x4xbf16>
!triples = memref<2x4x3xbf16>
!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_triples(%h: !half, %p: !triples, %m: !mat, %r: !row) {
  // expected-error @below {{expects pairs of 2 elements, got 'memref<2x4x3xbf16>'}}
  longnet.attend_grad_tile scale = 1.0
      ins(%p, %p, %h, %h, %p, %p, %r, %r : !triples, !triples, !half, !half, !triples, !triples, !row, !row)
      key_columns(%h : !half) outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!half = memref<4x4xbf16>
!pairs = memref<2x4x2xbf16>
!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_no_key_columns(%h: !half, %p: !pairs, %m: !mat, %r: !row) {
  // expected-error @below {{expects key_columns with operands in pairs}}
  longnet.attend_grad_tile scale = 1.0
      ins(%p, %p, %h, %h, %p, %p, %r, %r : !pairs, !pairs, !half, !half, !pairs, !pairs, !row, !row)
      outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

!half = memref<4x4xbf16>
!pairs = memref<2x4x2xbf16>
!mat = memref<4x4xf32>
!row = memref<4xf32>
func.func @tile_key_columns(%h: !half, %p: !pairs, %k: memref<4x5xbf16>, %m: !mat, %r: !row) {
  // expected-error @below {{expects one number of keys, got 4 in key and 5 in key_columns}}
  longnet.attend_grad_tile scale = 1.0
      ins(%p, %p, %h, %h, %p, %p, %r, %r : !pairs, !pairs, !half, !half, !pairs, !pairs, !row, !row)
      key_columns(%k : memref<4x5xbf16>) outs(%m, %m, %m : !mat, !mat, !mat)
  return
}

// -----

func.func @grad_strip_scale(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<8x4096xbf16>, %at: index) {
  // expected-error @below {{expects a positive scale}}
  longnet.attend_grad_strip scale = -1.0 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<8x4096xbf16>)
  return
}

// -----

func.func @grad_strip_gaps(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16, strided<[16384, 4096, 2048, 64, 1]>>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<8x4096xbf16>, %at: index) {
  // expected-error @below {{expects contiguous buffers of static sizes but for the first one, got 'memref<?x2x4x32x32xbf16, strided<[16384, 4096, 2048, 64, 1]>>'}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16, strided<[16384, 4096, 2048, 64, 1]>>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<8x4096xbf16>)
  return
}

// -----

func.func @grad_strip_pairs(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x1xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<8x4096xbf16>, %at: index) {
  // expected-error @below {{expects pairs of 2 elements, got 'memref<4x1x4x16x16x1xbf16>'}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x1xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<8x4096xbf16>)
  return
}

// -----

func.func @grad_strip_blocks(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<5x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<8x4096xbf16>, %at: index) {
  // expected-error @below {{number of blocks}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<5x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<8x4096xbf16>)
  return
}

// -----

func.func @grad_strip_tiles(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<3x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<4x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<8x4096xbf16>, %at: index) {
  // expected-error @below {{number of tiles}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<3x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<4x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<8x4096xbf16>)
  return
}

// -----

func.func @grad_strip_rows(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x2x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<8x4096xbf16>, %at: index) {
  // expected-error @below {{number of queries}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x2x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<8x4096xbf16>)
  return
}

// -----

func.func @grad_strip_columns(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x1x4x32x32xbf16>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<8x4096xbf16>, %at: index) {
  // expected-error @below {{head dimension}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x1x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<8x4096xbf16>)
  return
}

// -----

func.func @grad_strip_keys(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>, %v: memref<?x2x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<8x4096xbf16>, %at: index) {
  // expected-error @below {{number of keys}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>, memref<?x2x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<8x4096xbf16>)
  return
}

// -----

func.func @grad_strip_values(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x4x32x16xf32>, %s: memref<8x4096xbf16>, %at: index) {
  // expected-error @below {{value dimension}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x4x32x16xf32>) scratch(%s : memref<8x4096xbf16>)
  return
}

// -----

func.func @grad_strip_slopes(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<8x2048xbf16>, %at: index) {
  // expected-error @below {{expects slopes of 4096 elements, got 'memref<8x2048xbf16>'}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<8x2048xbf16>)
  return
}

// -----

func.func @grad_strip_slope_blocks(%q: memref<4x2x2x16x16x2xbf16>, %qr: memref<4x1x4x16x16x2xbf16>, %k: memref<?x4x2x32x32xbf16>, %kc: memref<?x2x4x32x32xbf16>, %v: memref<?x4x1x32x32xbf16>, %do: memref<4x1x2x16x16x2xbf16>, %dor: memref<4x1x2x16x16x2xbf16>, %row: memref<4x32xf32>, %delta: memref<4x32xf32>, %dq: memref<4x2x2x32x16xf32>, %dk: memref<?x4x4x32x16xf32>, %dv: memref<?x4x2x32x16xf32>, %s: memref<4x4096xbf16>, %at: index) {
  // expected-error @below {{expects slopes of 8 blocks, got 'memref<4x4096xbf16>'}}
  longnet.attend_grad_strip scale = 0.125 visible = %at of %at
      ins(%q, %qr, %k, %kc, %v, %do, %dor, %row, %delta : memref<4x2x2x16x16x2xbf16>, memref<4x1x4x16x16x2xbf16>, memref<?x4x2x32x32xbf16>, memref<?x2x4x32x32xbf16>, memref<?x4x1x32x32xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x1x2x16x16x2xbf16>, memref<4x32xf32>, memref<4x32xf32>)
      outs(%dq, %dk, %dv : memref<4x2x2x32x16xf32>, memref<?x4x4x32x16xf32>, memref<?x4x2x32x16xf32>) scratch(%s : memref<4x4096xbf16>)
  return
}
