// Integers in and out, and a number of every kind.
func.func @sums(%x: tensor<?xindex>, %i: i64, %j: i32, %f: f64) -> tensor<?xindex> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xindex>
  %empty = tensor.empty(%n) : tensor<?xindex>
  %wide = arith.extsi %j : i32 to i64
  %k = arith.fptosi %f : f64 to i64
  %ij = arith.addi %i, %wide : i64
  %ijk = arith.addi %ij, %k : i64
  %step = arith.index_cast %ijk : i64 to index
  %y = linalg.generic {
      indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]}
      ins(%x : tensor<?xindex>) outs(%empty : tensor<?xindex>) {
  ^bb0(%a: index, %b: index):
    %sum = arith.addi %a, %step : index
    linalg.yield %sum : index
  } -> tensor<?xindex>
  return %y : tensor<?xindex>
}
