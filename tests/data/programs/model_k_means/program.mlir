module @model_k_means attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<12x2xf32>, %arg1: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x12xi64>) {
    %c = stablehlo.constant dense<0> : tensor<i64>
    %0 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i64>) -> tensor<3x12xi64>
    %c_0 = stablehlo.constant dense<0> : tensor<i64>
    %1:4 = stablehlo.while(%iterArg = %arg0, %iterArg_1 = %c_0, %iterArg_2 = %arg1, %iterArg_3 = %0) : tensor<12x2xf32>, tensor<i64>, tensor<3x2xf32>, tensor<3x12xi64>
    cond {
      %c_4 = stablehlo.constant dense<3> : tensor<i64>
      %2 = stablehlo.compare LT, %iterArg_1, %c_4, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %2 : tensor<i1>
    } do {
      %2:2 = func.call @closed_call(%iterArg, %iterArg_2) : (tensor<12x2xf32>, tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<12xi64>)
      %3 = func.call @dynamic_update_index_in_dim(%iterArg_3, %2#1, %iterArg_1) : (tensor<3x12xi64>, tensor<12xi64>, tensor<i64>) -> tensor<3x12xi64>
      %c_4 = stablehlo.constant dense<1> : tensor<i64>
      %4 = stablehlo.add %iterArg_1, %c_4 : tensor<i64>
      stablehlo.return %iterArg, %4, %2#0, %3 : tensor<12x2xf32>, tensor<i64>, tensor<3x2xf32>, tensor<3x12xi64>
    }
    return %1#2, %1#3 : tensor<3x2xf32>, tensor<3x12xi64>
  }
  func.func private @closed_call(%arg0: tensor<12x2xf32>, %arg1: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<12xi64>) {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [0, 2] : (tensor<12x2xf32>) -> tensor<12x1x2xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [1, 2] : (tensor<3x2xf32>) -> tensor<1x3x2xf32>
    %2 = stablehlo.broadcast_in_dim %0, dims = [0, 1, 2] : (tensor<12x1x2xf32>) -> tensor<12x3x2xf32>
    %3 = stablehlo.broadcast_in_dim %1, dims = [0, 1, 2] : (tensor<1x3x2xf32>) -> tensor<12x3x2xf32>
    %4 = stablehlo.subtract %2, %3 : tensor<12x3x2xf32>
    %5 = stablehlo.multiply %4, %4 : tensor<12x3x2xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %6 = stablehlo.reduce(%5 init: %cst) applies stablehlo.add across dimensions = [2] : (tensor<12x3x2xf32>, tensor<f32>) -> tensor<12x3xf32>
    %7 = call @argmin(%6) : (tensor<12x3xf32>) -> tensor<12xi64>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %8 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<12xf32>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %9 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %10 = stablehlo.convert %7 : (tensor<12xi64>) -> tensor<12xi32>
    %11 = stablehlo.broadcast_in_dim %10, dims = [0] : (tensor<12xi32>) -> tensor<12x1xi32>
    %12 = "stablehlo.scatter"(%9, %11, %8) <{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false}> ({
    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
      %22 = stablehlo.add %arg2, %arg3 : tensor<f32>
      stablehlo.return %22 : tensor<f32>
    }) : (tensor<3xf32>, tensor<12x1xi32>, tensor<12xf32>) -> tensor<3xf32>
    %cst_2 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %13 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<3x2xf32>
    %14 = stablehlo.convert %7 : (tensor<12xi64>) -> tensor<12xi32>
    %15 = stablehlo.broadcast_in_dim %14, dims = [0] : (tensor<12xi32>) -> tensor<12x1xi32>
    %16 = "stablehlo.scatter"(%13, %15, %arg0) <{indices_are_sorted = false, scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false}> ({
    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
      %22 = stablehlo.add %arg2, %arg3 : tensor<f32>
      stablehlo.return %22 : tensor<f32>
    }) : (tensor<3x2xf32>, tensor<12x1xi32>, tensor<12x2xf32>) -> tensor<3x2xf32>
    %cst_3 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %17 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %18 = stablehlo.maximum %12, %17 : tensor<3xf32>
    %19 = stablehlo.broadcast_in_dim %18, dims = [0] : (tensor<3xf32>) -> tensor<3x1xf32>
    %20 = stablehlo.broadcast_in_dim %19, dims = [0, 1] : (tensor<3x1xf32>) -> tensor<3x2xf32>
    %21 = stablehlo.divide %16, %20 : tensor<3x2xf32>
    return %21, %7 : tensor<3x2xf32>, tensor<12xi64>
  }
  func.func private @argmin(%arg0: tensor<12x3xf32>) -> tensor<12xi64> {
    %0 = stablehlo.iota dim = 1 : tensor<12x3xi64>
    %cst = stablehlo.constant dense<0x7F800000> : tensor<f32>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1:2 = stablehlo.reduce(%arg0 init: %cst), (%0 init: %c) across dimensions = [1] : (tensor<12x3xf32>, tensor<12x3xi64>, tensor<f32>, tensor<i64>) -> (tensor<12xf32>, tensor<12xi64>)
     reducer(%arg1: tensor<f32>, %arg3: tensor<f32>) (%arg2: tensor<i64>, %arg4: tensor<i64>)  {
      %2 = stablehlo.compare LT, %arg1, %arg3, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %3 = stablehlo.compare NE, %arg1, %arg1, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %4 = stablehlo.or %2, %3 : tensor<i1>
      %5 = stablehlo.compare EQ, %arg1, %arg3, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %6 = stablehlo.compare LT, %arg2, %arg4, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      %7 = stablehlo.and %5, %6 : tensor<i1>
      %8 = stablehlo.or %4, %7 : tensor<i1>
      %9 = stablehlo.select %4, %arg1, %arg3 : tensor<i1>, tensor<f32>
      %10 = stablehlo.select %8, %arg2, %arg4 : tensor<i1>, tensor<i64>
      stablehlo.return %9, %10 : tensor<f32>, tensor<i64>
    }
    return %1#1 : tensor<12xi64>
  }
  func.func private @dynamic_update_index_in_dim(%arg0: tensor<3x12xi64>, %arg1: tensor<12xi64>, %arg2: tensor<i64>) -> tensor<3x12xi64> {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<12xi64>) -> tensor<1x12xi64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1 = stablehlo.dynamic_update_slice %arg0, %0, %arg2, %c : (tensor<3x12xi64>, tensor<1x12xi64>, tensor<i64>, tensor<i64>) -> tensor<3x12xi64>
    return %1 : tensor<3x12xi64>
  }
}
