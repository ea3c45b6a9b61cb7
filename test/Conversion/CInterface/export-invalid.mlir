// RUN: longnet-opt %s --longnet-export --split-input-file -verify-diagnostics

// expected-error@+1 {{argument 0 of type 'memref<4xf32>' cannot be exported: expects an index, i32, i64, f32, f64 or a ranked tensor of f16, bf16, f32, f64, i32, i64 or index}}
func.func @buffer(%x: memref<4xf32>) {
  return
}

// -----

// expected-error@+1 {{argument 1 of type 'tensor<*xf32>' cannot be exported}}
func.func @unranked(%x: index, %y: tensor<*xf32>) {
  return
}

// -----

// expected-error@+1 {{argument 0 of type 'tensor<4xi1>' cannot be exported}}
func.func @bits(%x: tensor<4xi1>) {
  return
}

// -----

// expected-error@+1 {{result 0 of type 'f32' cannot be exported: expects a ranked tensor of f16, bf16, f32, f64, i32, i64 or index}}
func.func @number(%x: f32) -> f32 {
  return %x : f32
}

// -----

// expected-error@+1 {{cannot be exported: its name is not a C identifier}}
func.func @"my-function"(%x: tensor<4xf32>) {
  return
}

// -----

// expected-error@+1 {{argument 0: expects a C identifier as its name, got 'my x'}}
func.func @name(%x: tensor<4xf32> {longnet.name = "my x"}) {
  return
}

// -----

// expected-error@+1 {{argument 1: its name 'x' is another parameter's}}
func.func @twice(%x: tensor<4xf32> {longnet.name = "x"},
                 %y: tensor<4xf32> {longnet.name = "x"}) {
  return
}

// -----

// expected-error@+1 {{cannot be exported: the sizes of its results do not follow from the shapes of its arguments}}
func.func @unknown_size(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-note@+1 {{because of 'func.call'}}
  %y = call @callee(%x) : (tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}
func.func private @callee(tensor<?xf32>) -> tensor<?xf32>

// -----

// expected-error@+1 {{cannot be exported: results of dynamic sizes need a function of one block}}
func.func @blocks(%x: tensor<?xf32>) -> tensor<?xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<?xf32>
}

// -----

// expected-error@+1 {{cannot be exported: there is a symbol 'f.sizes'}}
func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}
func.func private @f.sizes()
