// Two public functions, and some that cannot be run.
func.func @twice(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %empty = tensor.empty(%n) : tensor<?x64xf32>
  %y = linalg.add ins(%x, %x : tensor<?x64xf32>, tensor<?x64xf32>)
      outs(%empty : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// As many ones as asked for.
func.func @ones(%count: index {longnet.name = "count"}) -> tensor<?xf32> {
  %one = arith.constant 1.0 : f32
  %empty = tensor.empty(%count) : tensor<?xf32>
  %ones = linalg.fill ins(%one : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  return %ones : tensor<?xf32>
}

func.func private @hidden(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
