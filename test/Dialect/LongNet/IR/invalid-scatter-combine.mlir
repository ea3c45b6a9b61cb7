// RUN: longnet-opt %s -split-input-file -verify-diagnostics

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @element_types(%q: !rows, %l: !lse, %at: tensor<3x4xindex>, %n: index) {
  // expected-error @below {{expects results of the element types of the rows}}
  %0:2 = longnet.scatter %q, %l at %at into %n : (!rows, !lse), tensor<3x4xindex>
      -> (tensor<1x2x?x8xf16>, tensor<1x2x?xf32>)
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @negative_length(%q: !rows, %l: !lse, %at: tensor<3x4xindex>) {
  %n = arith.constant -9 : index
  // expected-error @below {{expects a length of at least 0, got -9}}
  %0:2 = longnet.scatter %q, %l at %at into %n : (!rows, !lse), tensor<3x4xindex>
      -> (tensor<1x2x?x8xf32>, tensor<1x2x?xf32>)
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @batch_size(%q: !rows, %l: !lse, %at: tensor<3x4xindex>, %n: index) {
  // expected-error @below {{expects one batch size, got 1 in the rows and 2 in out}}
  %0:2 = longnet.scatter %q, %l at %at into %n : (!rows, !lse), tensor<3x4xindex>
      -> (tensor<2x2x?x8xf32>, tensor<1x2x?xf32>)
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @heads(%q: !rows, %l: tensor<1x3x3x4xf32>, %at: tensor<3x4xindex>, %n: index) {
  // expected-error @below {{expects one number of heads, got 2 in the rows and 3 in their lse}}
  %0:2 = longnet.scatter %q, %l at %at into %n : (!rows, tensor<1x3x3x4xf32>), tensor<3x4xindex>
      -> (tensor<1x2x?x8xf32>, tensor<1x2x?xf32>)
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
func.func @segments(%q: !rows, %l: tensor<1x2x2x4xf32>, %at: tensor<3x4xindex>, %n: index) {
  // expected-error @below {{expects one number of segments, got 3 in the rows and 2 in their lse}}
  %0:2 = longnet.scatter %q, %l at %at into %n : (!rows, tensor<1x2x2x4xf32>), tensor<3x4xindex>
      -> (tensor<1x2x?x8xf32>, tensor<1x2x?xf32>)
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @positions(%q: !rows, %l: !lse, %p: tensor<2x3x5xindex>, %n: index) {
  // expected-error @below {{expects one number of rows a segment, got 4 in the rows and 5 in the positions}}
  %0:2 = longnet.scatter %q, %l at %p into %n : (!rows, !lse), tensor<2x3x5xindex>
      -> (tensor<1x2x?x8xf32>, tensor<1x2x?xf32>)
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @head_dimension(%q: !rows, %l: !lse, %at: tensor<3x4xindex>, %n: index) {
  // expected-error @below {{expects one head dimension, got 8 in the rows and 7 in out}}
  %0:2 = longnet.scatter %q, %l at %at into %n : (!rows, !lse), tensor<3x4xindex>
      -> (tensor<1x2x?x7xf32>, tensor<1x2x?xf32>)
  return
}

// -----

!rows = tensor<1x2x3x4x8xf32>
!lse = tensor<1x2x3x4xf32>
func.func @length(%q: !rows, %l: !lse, %at: tensor<3x4xindex>) {
  %n = arith.constant 9 : index
  // expected-error @below {{expects one length, got 9 in the operand and 10 in lse}}
  %0:2 = longnet.scatter %q, %l at %at into %n : (!rows, !lse), tensor<3x4xindex>
      -> (tensor<1x2x?x8xf32>, tensor<1x2x10xf32>)
  return
}

// -----

func.func @no_operand() {
  // expected-error @below {{expects at least one operand}}
  %0:2 = "longnet.combine"() : () -> (tensor<1x2x9x8xf32>, tensor<1x2x9xf32>)
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
!lse = tensor<1x2x9xf32>
func.func @odd_operands(%a: !seq, %la: !lse) {
  // expected-error @below {{expects as many lses as outs}}
  %0:2 = "longnet.combine"(%a, %la, %la) : (!seq, !lse, !lse) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x2x9x8xf16>
!lse = tensor<1x2x9xf32>
func.func @operand_type(%a: !seq, %la: !lse) {
  // expected-error @below {{expects operands in the accumulation type, 'f32'}}
  %0:2 = longnet.combine(%a), (%la) : (!seq), (!lse) -> (!seq, !lse)
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
!lse = tensor<1x2x9xf32>
func.func @out_type(%a: !seq, %la: !lse) {
  // expected-error @below {{expects out of a type that accumulates in 'f32', got 'f64'}}
  %0:2 = longnet.combine(%a), (%la) : (!seq), (!lse) -> (tensor<1x2x9x8xf64>, !lse)
  return
}

// -----

// A result of unknown length hides nothing.
!seq = tensor<1x2x9x8xf32>
!lse = tensor<1x2x9xf32>
func.func @rows(%a: !seq, %la: !lse, %b: tensor<1x2x10x8xf32>, %lb: tensor<1x2x10xf32>) {
  // expected-error @below {{expects one number of rows, got 9 in an operand and 10 in an operand}}
  %0:2 = longnet.combine(%a, %b), (%la, %lb) : (!seq, tensor<1x2x10x8xf32>), (!lse, tensor<1x2x10xf32>)
      -> (tensor<1x2x?x8xf32>, tensor<1x2x?xf32>)
  return
}

// -----

!seq = tensor<1x2x9x8xf32>
!lse = tensor<1x2x9xf32>
func.func @value_dimension(%a: !seq, %la: !lse) {
  // expected-error @below {{expects one head dimension, got 7 in out and 8 in an operand}}
  %0:2 = longnet.combine(%a), (%la) : (!seq), (!lse) -> (tensor<1x2x9x7xf32>, !lse)
  return
}
