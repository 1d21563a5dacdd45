module @bool_arrays attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4x6xi1>, %arg1: tensor<3xi32>) -> (tensor<4x6xi1>, tensor<4x3xi1>, tensor<6x4xi1>, tensor<4xi64>, tensor<6xi1>, tensor<4xi1>, tensor<4x6xf32>, tensor<4xi64>) {
    %0 = call @sort(%arg0) : (tensor<4x6xi1>) -> tensor<4x6xi1>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<3xi32>
    %2 = stablehlo.compare LT, %arg1, %1, SIGNED : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi1>
    %c_0 = stablehlo.constant dense<6> : tensor<i32>
    %3 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<3xi32>
    %4 = stablehlo.add %arg1, %3 : tensor<3xi32>
    %5 = stablehlo.select %2, %4, %arg1 : tensor<3xi1>, tensor<3xi32>
    %6 = stablehlo.broadcast_in_dim %5, dims = [0] : (tensor<3xi32>) -> tensor<3x1xi32>
    %7 = "stablehlo.gather"(%arg0, %6) <{dimension_numbers = #stablehlo.gather<offset_dims = [0], collapsed_slice_dims = [1], start_index_map = [1], index_vector_dim = 1>, indices_are_sorted = false, slice_sizes = array<i64: 4, 1>}> : (tensor<4x6xi1>, tensor<3x1xi32>) -> tensor<4x3xi1>
    %8 = stablehlo.transpose %arg0, dims = [1, 0] : (tensor<4x6xi1>) -> tensor<6x4xi1>
    %9 = stablehlo.convert %arg0 : (tensor<4x6xi1>) -> tensor<4x6xi32>
    %10 = stablehlo.convert %9 : (tensor<4x6xi32>) -> tensor<4x6xi64>
    %c_1 = stablehlo.constant dense<0> : tensor<i64>
    %11 = stablehlo.reduce(%10 init: %c_1) applies stablehlo.add across dimensions = [1] : (tensor<4x6xi64>, tensor<i64>) -> tensor<4xi64>
    %c_2 = stablehlo.constant dense<true> : tensor<i1>
    %12 = stablehlo.reduce(%arg0 init: %c_2) applies stablehlo.and across dimensions = [0] : (tensor<4x6xi1>, tensor<i1>) -> tensor<6xi1>
    %c_3 = stablehlo.constant dense<false> : tensor<i1>
    %13 = stablehlo.reduce(%arg0 init: %c_3) applies stablehlo.or across dimensions = [1] : (tensor<4x6xi1>, tensor<i1>) -> tensor<4xi1>
    %14 = stablehlo.convert %arg0 : (tensor<4x6xi1>) -> tensor<4x6xf32>
    %15 = call @argmax(%arg0) : (tensor<4x6xi1>) -> tensor<4xi64>
    return %0, %7, %8, %11, %12, %13, %14, %15 : tensor<4x6xi1>, tensor<4x3xi1>, tensor<6x4xi1>, tensor<4xi64>, tensor<6xi1>, tensor<4xi1>, tensor<4x6xf32>, tensor<4xi64>
  }
  func.func private @sort(%arg0: tensor<4x6xi1>) -> tensor<4x6xi1> {
    %0 = "stablehlo.sort"(%arg0) <{dimension = 1 : i64, is_stable = true}> ({
    ^bb0(%arg1: tensor<i1>, %arg2: tensor<i1>):
      %1 = stablehlo.compare LT, %arg1, %arg2, UNSIGNED : (tensor<i1>, tensor<i1>) -> tensor<i1>
      stablehlo.return %1 : tensor<i1>
    }) : (tensor<4x6xi1>) -> tensor<4x6xi1>
    return %0 : tensor<4x6xi1>
  }
  func.func private @argmax(%arg0: tensor<4x6xi1>) -> tensor<4xi64> {
    %0 = stablehlo.iota dim = 1 : tensor<4x6xi64>
    %c = stablehlo.constant dense<false> : tensor<i1>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %1:2 = stablehlo.reduce(%arg0 init: %c), (%0 init: %c_0) across dimensions = [1] : (tensor<4x6xi1>, tensor<4x6xi64>, tensor<i1>, tensor<i64>) -> (tensor<4xi1>, tensor<4xi64>)
     reducer(%arg1: tensor<i1>, %arg3: tensor<i1>) (%arg2: tensor<i64>, %arg4: tensor<i64>)  {
      %2 = stablehlo.compare GT, %arg1, %arg3, UNSIGNED : (tensor<i1>, tensor<i1>) -> tensor<i1>
      %3 = stablehlo.compare NE, %arg1, %arg1, UNSIGNED : (tensor<i1>, tensor<i1>) -> tensor<i1>
      %4 = stablehlo.or %2, %3 : tensor<i1>
      %5 = stablehlo.compare EQ, %arg1, %arg3, UNSIGNED : (tensor<i1>, tensor<i1>) -> tensor<i1>
      %6 = stablehlo.compare LT, %arg2, %arg4, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      %7 = stablehlo.and %5, %6 : tensor<i1>
      %8 = stablehlo.or %4, %7 : tensor<i1>
      %9 = stablehlo.select %4, %arg1, %arg3 : tensor<i1>, tensor<i1>
      %10 = stablehlo.select %8, %arg2, %arg4 : tensor<i1>, tensor<i64>
      stablehlo.return %9, %10 : tensor<i1>, tensor<i64>
    }
    return %1#1 : tensor<4xi64>
  }
}
