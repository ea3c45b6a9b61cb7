// A pattern of one's own, from the pieces: attention inside blocks of 512 rows,
// combined with attention among every eighth row of the whole sequence. Both
// chains fuse into one kernel: see longnet-opt --longnet-fuse.
func.func @attention(%q: tensor<1x8x?x64xf32>, %k: tensor<1x8x?x64xf32>, %v: tensor<1x8x?x64xf32>)
    -> (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %n = tensor.dim %q, %c2 : tensor<1x8x?x64xf32>

  // Blocks of 512 rows, all of their rows.
  %s:3, %sp = longnet.segment %q, %k, %v by 512
      : (tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>)
     -> (tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>), tensor<?x?xindex>
  %sg = tensor.dim %s#0, %c2 : tensor<1x8x?x?x64xf32>
  %sw = tensor.dim %s#0, %c3 : tensor<1x8x?x?x64xf32>
  %so = tensor.empty(%sg, %sw) : tensor<1x8x?x?x64xf32>
  %sl = tensor.empty(%sg, %sw) : tensor<1x8x?x?xf32>
  %a:2 = longnet.attention
      ins(%s#0, %s#1, %s#2 : tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>)
      at(%sp, %sp : tensor<?x?xindex>, tensor<?x?xindex>)
      outs(%so, %sl : tensor<1x8x?x?x64xf32>, tensor<1x8x?x?xf32>) -> tensor<1x8x?x?x64xf32>, tensor<1x8x?x?xf32>
  %o1, %l1 = longnet.scatter %a#0, %a#1 at %sp into %n
      : (tensor<1x8x?x?x64xf32>, tensor<1x8x?x?xf32>), tensor<?x?xindex>
     -> (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>)

  // One segment that holds everything, every eighth row, the same for all heads.
  %t:3, %tp = longnet.segment %q, %k, %v by 281474976710656
      : (tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>)
     -> (tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>), tensor<?x?xindex>
  %u:3, %up = longnet.sparsify <segment = 281474976710656, dilation = 8, heads = none> %t#0, %t#1, %t#2 at %tp
      : (tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>), tensor<?x?xindex>
     -> (tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>), tensor<8x?x?xindex>
  %tg = tensor.dim %u#0, %c2 : tensor<1x8x?x?x64xf32>
  %tm = tensor.dim %u#0, %c3 : tensor<1x8x?x?x64xf32>
  %to = tensor.empty(%tg, %tm) : tensor<1x8x?x?x64xf32>
  %tl = tensor.empty(%tg, %tm) : tensor<1x8x?x?xf32>
  %b:2 = longnet.attention
      ins(%u#0, %u#1, %u#2 : tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>, tensor<1x8x?x?x64xf32>)
      at(%up, %up : tensor<8x?x?xindex>, tensor<8x?x?xindex>)
      outs(%to, %tl : tensor<1x8x?x?x64xf32>, tensor<1x8x?x?xf32>) -> tensor<1x8x?x?x64xf32>, tensor<1x8x?x?xf32>
  %o2, %l2 = longnet.scatter %b#0, %b#1 at %up into %n
      : (tensor<1x8x?x?x64xf32>, tensor<1x8x?x?xf32>), tensor<8x?x?xindex>
     -> (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>)

  %out, %lse = longnet.combine(%o1, %o2), (%l1, %l2)
      : (tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>), (tensor<1x8x?xf32>, tensor<1x8x?xf32>)
     -> (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>)
  return %out, %lse : tensor<1x8x?x64xf32>, tensor<1x8x?xf32>
}
