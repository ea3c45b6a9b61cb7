// RUN: longnet-opt %s -split-input-file -verify-diagnostics

func.func @no_source() {
  // expected-error @below {{expects as many results as sources, and at least one}}
  %0 = "longnet.segment"() <{segment = 4 : i64, operandSegmentSizes = array<i32: 0, 0, 0>}>
      : () -> tensor<?x?xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @segment_length(%q: !seq) {
  // expected-error @below {{segment must lie in [1, 2^48], got 281474976710657}}
  %0:2 = longnet.segment %q by 281474976710657 : (!seq) -> (tensor<1x2x1x9x8xf32>), tensor<1x9xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @zero_segment_length(%q: !seq) {
  // expected-error @below {{attribute 'segment' failed to satisfy constraint}}
  %0:2 = longnet.segment %q by 0 : (!seq) -> (tensor<1x2x1x9x8xf32>), tensor<1x9xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @negative_origin(%q: !seq) {
  %origin = arith.constant -4 : index
  // expected-error @below {{expects an origin of at least 0, got -4}}
  %0:2 = longnet.segment %q by 4 origin %origin : (!seq) -> (tensor<1x2x?x4x8xf32>), tensor<?x4xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @element_type(%q: !seq) {
  // expected-error @below {{expects rows of 'f32'}}
  %0:2 = longnet.segment %q by 4 : (!seq) -> (tensor<1x2x3x4x8xf16>), tensor<3x4xindex>
  return
}

// -----

// A source of unknown length hides nothing.
!seq = tensor<1x2x?x8xf32>
func.func @source_rows(%q: !seq, %k: tensor<1x2x9x8xf32>, %v: tensor<1x2x10x8xf32>) {
  // expected-error @below {{expects one number of rows in all sources, got 9 in another and 10 in another}}
  %0:4 = longnet.segment %q, %k, %v by 4 : (!seq, tensor<1x2x9x8xf32>, tensor<1x2x10x8xf32>)
      -> (tensor<1x2x?x?x8xf32>, tensor<1x2x?x?x8xf32>, tensor<1x2x?x?x8xf32>), tensor<?x?xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @batch_size(%q: !seq) {
  // expected-error @below {{expects one batch size, got 1 in the source and 2 in the rows}}
  %0:2 = longnet.segment %q by 4 : (!seq) -> (tensor<2x2x3x4x8xf32>), tensor<3x4xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @heads(%q: !seq) {
  // expected-error @below {{expects one number of heads, got 2 in the source and 3 in the rows}}
  %0:2 = longnet.segment %q by 4 : (!seq) -> (tensor<1x3x3x4x8xf32>), tensor<3x4xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @head_dimension(%q: !seq) {
  // expected-error @below {{expects one head dimension, got 8 in the source and 7 in the rows}}
  %0:2 = longnet.segment %q by 4 : (!seq) -> (tensor<1x2x3x4x7xf32>), tensor<3x4xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @rows_and_positions(%q: !seq) {
  // expected-error @below {{expects one number of segments, got 2 in the rows and 3 in the positions}}
  %0:2 = longnet.segment %q by 4 : (!seq) -> (tensor<1x2x2x4x8xf32>), tensor<3x4xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @rows_and_positions_of_segments(%q: !seq) {
  // expected-error @below {{expects one number of rows a segment, got 3 in the rows and 4 in the positions}}
  %0:2 = longnet.segment %q by 4 : (!seq) -> (tensor<1x2x3x3x8xf32>), tensor<3x4xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @number_of_segments(%q: !seq) {
  // expected-error @below {{expects a number of segments of 3, got 2}}
  %0:2 = longnet.segment %q by 4 : (!seq) -> (tensor<1x2x2x4x8xf32>), tensor<2x4xindex>
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
func.func @rows_a_segment(%q: !seq) {
  // expected-error @below {{expects a number of rows a segment of 9, got 10}}
  %0:2 = longnet.segment %q by 10 : (!seq) -> (tensor<1x2x1x10x8xf32>), tensor<1x10xindex>
  return
}
