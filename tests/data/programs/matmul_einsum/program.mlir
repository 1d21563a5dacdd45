module @matmul_einsum attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<2x3x4xf32>, %arg1: tensor<4x3x5xf32>) -> (tensor<2x5xf32>, tensor<5xf32>) {
    %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1, 2] x [1, 0], precision = [HIGHEST, HIGHEST] : (tensor<2x3x4xf32>, tensor<4x3x5xf32>) -> tensor<2x5xf32>
    %1 = stablehlo.slice %arg1 [0:3, 0:3, 0:5] : (tensor<4x3x5xf32>) -> tensor<3x3x5xf32>
    %2 = stablehlo.iota dim = 0 : tensor<3x3xui32>
    %3 = stablehlo.iota dim = 1 : tensor<3x3xui32>
    %4 = stablehlo.compare EQ, %2, %3, UNSIGNED : (tensor<3x3xui32>, tensor<3x3xui32>) -> tensor<3x3xi1>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0, 1] : (tensor<3x3xi1>) -> tensor<3x3x5xi1>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %6 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<3x3x5xf32>
    %7 = stablehlo.select %5, %1, %6 : tensor<3x3x5xi1>, tensor<3x3x5xf32>
    %cst_0 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %8 = stablehlo.reduce(%7 init: %cst_0) applies stablehlo.add across dimensions = [0, 1] : (tensor<3x3x5xf32>, tensor<f32>) -> tensor<5xf32>
    return %0, %8 : tensor<2x5xf32>, tensor<5xf32>
  }
}
