// A second pattern on top of a result, and on top of nothing: lse = -inf, with
// anything in out.
func.func @onto_result(%q: tensor<2x4x?x16xf32>, %k: tensor<2x4x?x16xf32>, %v: tensor<2x4x?x16xf32>)
    -> (tensor<2x4x?x16xf32>, tensor<2x4x?xf32>) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c2 : tensor<2x4x?x16xf32>
  %nothing = arith.constant 0xFF800000 : f32
  %seven = arith.constant 7.0 : f32
  %e = tensor.empty(%n) : tensor<2x4x?x16xf32>
  %f = tensor.empty(%n) : tensor<2x4x?xf32>
  %o = linalg.fill ins(%seven : f32) outs(%e : tensor<2x4x?x16xf32>) -> tensor<2x4x?x16xf32>
  %l = linalg.fill ins(%nothing : f32) outs(%f : tensor<2x4x?xf32>) -> tensor<2x4x?xf32>
  %a:2 = longnet.attend [<segment = 48, dilation = 3>] accumulate causal
      ins(%q, %k, %v : tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>)
      outs(%o, %l : tensor<2x4x?x16xf32>, tensor<2x4x?xf32>) -> tensor<2x4x?x16xf32>, tensor<2x4x?xf32>
  %b:2 = longnet.attend [<segment = 40, dilation = 5>] accumulate causal
      ins(%q, %k, %v : tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>)
      outs(%a#0, %a#1 : tensor<2x4x?x16xf32>, tensor<2x4x?xf32>) -> tensor<2x4x?x16xf32>, tensor<2x4x?xf32>
  return %b#0, %b#1 : tensor<2x4x?x16xf32>, tensor<2x4x?xf32>
}
