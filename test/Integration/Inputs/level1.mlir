// The same, written by hand from the pieces. The first branch has dilation 1
// and needs no sparsify.
func.func @attention(%q: tensor<2x4x?x16xf32>, %k: tensor<2x4x?x16xf32>, %v: tensor<2x4x?x16xf32>)
    -> (tensor<2x4x?x16xf32>, tensor<2x4x?xf32>) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %n = tensor.dim %q, %c2 : tensor<2x4x?x16xf32>

  %s:3, %sp = longnet.segment %q, %k, %v by 32
      : (tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>)
     -> (tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>), tensor<?x?xindex>
  %sg = tensor.dim %s#0, %c2 : tensor<2x4x?x?x16xf32>
  %sw = tensor.dim %s#0, %c3 : tensor<2x4x?x?x16xf32>
  %so = tensor.empty(%sg, %sw) : tensor<2x4x?x?x16xf32>
  %sl = tensor.empty(%sg, %sw) : tensor<2x4x?x?xf32>
  %a:2 = longnet.attention causal
      ins(%s#0, %s#1, %s#2 : tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>)
      at(%sp, %sp : tensor<?x?xindex>, tensor<?x?xindex>)
      outs(%so, %sl : tensor<2x4x?x?x16xf32>, tensor<2x4x?x?xf32>) -> tensor<2x4x?x?x16xf32>, tensor<2x4x?x?xf32>
  %o1, %l1 = longnet.scatter %a#0, %a#1 at %sp into %n
      : (tensor<2x4x?x?x16xf32>, tensor<2x4x?x?xf32>), tensor<?x?xindex>
     -> (tensor<2x4x?x16xf32>, tensor<2x4x?xf32>)

  %t:3, %tp = longnet.segment %q, %k, %v by 48
      : (tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>)
     -> (tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>), tensor<?x?xindex>
  %u:3, %up = longnet.sparsify <segment = 48, dilation = 3> %t#0, %t#1, %t#2 at %tp
      : (tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>), tensor<?x?xindex>
     -> (tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>), tensor<4x?x?xindex>
  %tg = tensor.dim %u#0, %c2 : tensor<2x4x?x?x16xf32>
  %tm = tensor.dim %u#0, %c3 : tensor<2x4x?x?x16xf32>
  %to = tensor.empty(%tg, %tm) : tensor<2x4x?x?x16xf32>
  %tl = tensor.empty(%tg, %tm) : tensor<2x4x?x?xf32>
  %b:2 = longnet.attention causal
      ins(%u#0, %u#1, %u#2 : tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>, tensor<2x4x?x?x16xf32>)
      at(%up, %up : tensor<4x?x?xindex>, tensor<4x?x?xindex>)
      outs(%to, %tl : tensor<2x4x?x?x16xf32>, tensor<2x4x?x?xf32>) -> tensor<2x4x?x?x16xf32>, tensor<2x4x?x?xf32>
  %o2, %l2 = longnet.scatter %b#0, %b#1 at %up into %n
      : (tensor<2x4x?x?x16xf32>, tensor<2x4x?x?xf32>), tensor<4x?x?xindex>
     -> (tensor<2x4x?x16xf32>, tensor<2x4x?xf32>)

  %out, %lse = longnet.combine(%o1, %o2), (%l1, %l2)
      : (tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>), (tensor<2x4x?xf32>, tensor<2x4x?xf32>)
     -> (tensor<2x4x?x16xf32>, tensor<2x4x?xf32>)
  return %out, %lse : tensor<2x4x?x16xf32>, tensor<2x4x?xf32>
}
