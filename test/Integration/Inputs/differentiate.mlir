!seq = tensor<?x4x?x6xf64>
!kv = tensor<?x2x?x6xf64>
!lse = tensor<?x4x?xf64>

// Queries are scaled by a number, all but the first two rows of tanh are kept,
// and lse is a result too.
func.func @model(%q: !seq, %k: !kv, %v: !kv) -> (!seq, !lse) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %factor = arith.constant 0.7 : f64
  %b = tensor.dim %q, %c0 : !seq
  %n = tensor.dim %q, %c2 : !seq
  %empty = tensor.empty(%b, %n) : !seq
  %factors = linalg.fill ins(%factor : f64) outs(%empty : !seq) -> !seq
  %scaled = arith.mulf %q, %factors : !seq
  %out, %lse = longnet.dilated_attention %scaled, %k, %v
      branches = [<segment = 8, dilation = 1>, <segment = 12, dilation = 3>] causal
      : (!seq, !kv, !kv) -> (!seq, !lse)
  %y = math.tanh %out : !seq
  %rows = arith.subi %n, %c2 : index
  %last = tensor.extract_slice %y[0, 0, 2, 0] [%b, 4, %rows, 6] [1, 1, 1, 1] : !seq to !seq
  return %last, %lse : !seq, !lse
}

!row = tensor<?x9x12xf64>
!proj = tensor<?x9x24xf64>
!heads = tensor<?x9x4x6xf64>
!part = tensor<?x4x9x6xf64>
!weight = tensor<?x4x9xf64>

// A projection of rows x to queries, keys and values at once, attention twice,
// and every elementwise rule.
func.func @block(%x: !row, %w: tensor<?x12x24xf64>, %m: tensor<24x24xf64>) -> !proj {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %b = tensor.dim %x, %c0 : !row
  %e = tensor.empty(%b) : !proj
  %z = linalg.fill ins(%zero : f64) outs(%e : !proj) -> !proj
  %p = linalg.batch_matmul ins(%x, %w : !row, tensor<?x12x24xf64>) outs(%z : !proj) -> !proj

  // A second projection, the same for all, that adds to the first.
  %p2 = tensor.collapse_shape %p [[0, 1], [2]] : !proj into tensor<?x24xf64>
  %r2 = linalg.matmul ins(%p2, %m : tensor<?x24xf64>, tensor<24x24xf64>) outs(%p2 : tensor<?x24xf64>) -> tensor<?x24xf64>
  %h = tensor.expand_shape %r2 [[0, 1], [2, 3]] output_shape [%b, 9, 4, 6] : tensor<?x24xf64> into !heads
  %t0 = tensor.empty(%b) : !part
  %t = linalg.transpose ins(%h : !heads) outs(%t0 : !part) permutation = [0, 2, 1, 3]
  %out, %lse = longnet.dilated_attention %t, %t, %t branches = [<segment = 5, dilation = 2>]
      : (!part, !part, !part) -> (!part, !weight)
  %u = arith.subf %t, %out : !part
  %out2, %lse2 = longnet.dilated_attention %t, %u, %u branches = [<segment = 16, dilation = 1>]
      : (!part, !part, !part) -> (!part, !weight)

  // u / sqrt(1 + log(1 + exp(u))^2) - rsqrt(1 + out2 out2)
  %ones = linalg.fill ins(%one : f64) outs(%t0 : !part) -> !part
  %e1 = math.exp %u : !part
  %e2 = arith.addf %ones, %e1 : !part
  %e3 = math.log %e2 : !part
  %e4 = arith.mulf %e3, %e3 : !part
  %e5 = arith.addf %e4, %ones : !part
  %e6 = math.sqrt %e5 : !part
  %e7 = arith.divf %u, %e6 : !part
  %f1 = arith.mulf %out2, %out2 : !part
  %f2 = arith.addf %f1, %ones : !part
  %f3 = math.rsqrt %f2 : !part
  %f4 = arith.negf %f3 : !part
  %g = arith.addf %e7, %f4 : !part

  // Every other row of it in place of rows of t.
  %s = tensor.extract_slice %g[0, 0, 1, 0] [%b, 4, 4, 6] [1, 1, 2, 1] : !part to tensor<?x4x4x6xf64>
  %i = tensor.insert_slice %s into %t[0, 0, 0, 0] [%b, 4, 4, 6] [1, 1, 1, 1] : tensor<?x4x4x6xf64> into !part
  %back = linalg.transpose ins(%i : !part) outs(%h : !heads) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %back [[0], [1], [2, 3]] : !heads into !proj
  return %y : !proj
}
