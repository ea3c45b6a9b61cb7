// Scales a matrix, and repeats the factor: a function without attention.
func.func @scale(%x: tensor<?x64xf32> {longnet.name = "x"},
                 %factor: f32 {longnet.name = "factor"},
                 %copies: index {longnet.name = "copies"})
    -> (tensor<?x64xf32> {longnet.name = "y"},
        tensor<?xf32> {longnet.name = "factors"}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %empty = tensor.empty(%n) : tensor<?x64xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x64xf32>) outs(%empty : tensor<?x64xf32>) {
  ^bb0(%a: f32, %b: f32):
    %product = arith.mulf %a, %factor : f32
    linalg.yield %product : f32
  } -> tensor<?x64xf32>
  %places = tensor.empty(%copies) : tensor<?xf32>
  %factors = linalg.fill ins(%factor : f32) outs(%places : tensor<?xf32>)
      -> tensor<?xf32>
  return %y, %factors : tensor<?x64xf32>, tensor<?xf32>
}
