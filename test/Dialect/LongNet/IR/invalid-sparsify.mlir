// RUN: longnet-opt %s -split-input-file -verify-diagnostics

func.func @no_source(%at: tensor<3x4xindex>) {
  // expected-error @below {{expects as many results as sources, and at least one}}
  %0 = "longnet.sparsify"(%at) <{branch = #longnet.branch<segment = 4, dilation = 2>,
      operandSegmentSizes = array<i32: 0, 1, 0>}> : (tensor<3x4xindex>) -> tensor<2x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @listed_phases(%q: !rows, %at: tensor<3x4xindex>) {
  // expected-error @below {{branch 0 lists 3 phases, for 2 heads}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2, heads = [0, 1, 0]> %q at %at
      : (!rows), tensor<3x4xindex> -> (tensor<1x2x3x2x8xf32>), tensor<2x3x2xindex>
  return
}

// -----

// With `heads`, key and value heads are spread alike.
func.func @source_heads(%k: tensor<1x2x3x4x8xf32>, %v: tensor<1x1x3x4x8xf32>, %at: tensor<3x4xindex>, %h: index) {
  // expected-error @below {{expects one number of heads in all sources, got 2 in the first source and 1 in another}}
  %0:3 = longnet.sparsify <segment = 4, dilation = 2> %k, %v at %at heads %h
      : (tensor<1x2x3x4x8xf32>, tensor<1x1x3x4x8xf32>), tensor<3x4xindex>
     -> (tensor<1x?x3x2x8xf32>, tensor<1x?x3x2x8xf32>), tensor<?x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @element_type(%q: !rows, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects rows of 'f32'}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2> %q at %at
      : (!rows), tensor<3x4xindex> -> (tensor<1x2x3x2x8xf16>), tensor<2x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @batch_size(%q: !rows, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects one batch size, got 1 in the source and 2 in the rows}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2> %q at %at
      : (!rows), tensor<3x4xindex> -> (tensor<2x2x3x2x8xf32>), tensor<2x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @segments(%q: !rows, %at: tensor<5x4xindex>) {
  // expected-error @below {{expects one number of segments, got 3 in the source and 5 in the source's positions}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2> %q at %at
      : (!rows), tensor<5x4xindex> -> (tensor<1x2x3x2x8xf32>), tensor<2x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @rows_a_segment(%q: !rows, %at: tensor<3x3xindex>) {
  // expected-error @below {{expects one number of rows a segment, got 4 in the source and 3 in the source's positions}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2> %q at %at
      : (!rows), tensor<3x3xindex> -> (tensor<1x2x3x2x8xf32>), tensor<2x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @rows_and_positions(%q: !rows, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects one number of kept rows, got 1 in the rows and 2 in the positions}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2> %q at %at
      : (!rows), tensor<3x4xindex> -> (tensor<1x2x3x1x8xf32>), tensor<2x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @head_dimension(%q: !rows, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects one head dimension, got 8 in the source and 7 in the rows}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2> %q at %at
      : (!rows), tensor<3x4xindex> -> (tensor<1x2x3x2x7xf32>), tensor<2x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @heads_of_rows(%q: !rows, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects one number of heads, got 4 in the rows and 2 in the positions}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2> %q at %at
      : (!rows), tensor<3x4xindex> -> (tensor<1x4x3x2x8xf32>), tensor<2x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @head_groups(%q: !rows, %at: tensor<3x4xindex>) {
  %heads = arith.constant 3 : index
  // expected-error @below {{expects the heads (3) to be a multiple of the source's (2)}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2> %q at %at heads %heads
      : (!rows), tensor<3x4xindex> -> (tensor<1x3x3x2x8xf32>), tensor<3x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @number_of_heads(%q: !rows, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects a number of heads of 2, got 4}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 2> %q at %at
      : (!rows), tensor<3x4xindex> -> (tensor<1x4x3x2x8xf32>), tensor<4x3x2xindex>
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @kept_rows(%q: !rows, %at: tensor<3x4xindex>) {
  // expected-error @below {{expects a number of kept rows of 2, got 3}}
  %0:2 = longnet.sparsify <segment = 4, dilation = 3> %q at %at
      : (!rows), tensor<3x4xindex> -> (tensor<1x2x3x3x8xf32>), tensor<2x3x3xindex>
  return
}
