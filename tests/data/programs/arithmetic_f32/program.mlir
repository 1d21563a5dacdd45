module @arithmetic_f32 attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<3x5xf32>, %arg1: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>) {
    %0 = stablehlo.add %arg0, %arg1 : tensor<3x5xf32>
    %1 = stablehlo.subtract %arg0, %arg1 : tensor<3x5xf32>
    %2 = stablehlo.multiply %arg0, %arg1 : tensor<3x5xf32>
    %cst = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %3 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<3x5xf32>
    %4 = stablehlo.add %arg1, %3 : tensor<3x5xf32>
    %5 = stablehlo.divide %arg0, %4 : tensor<3x5xf32>
    %cst_0 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %6 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<3x5xf32>
    %7 = stablehlo.add %arg1, %6 : tensor<3x5xf32>
    %8 = stablehlo.remainder %arg0, %7 : tensor<3x5xf32>
    %9 = stablehlo.minimum %arg0, %arg1 : tensor<3x5xf32>
    %10 = stablehlo.maximum %arg0, %arg1 : tensor<3x5xf32>
    %11 = stablehlo.negate %arg0 : tensor<3x5xf32>
    %12 = stablehlo.abs %arg0 : tensor<3x5xf32>
    return %0, %1, %2, %5, %8, %9, %10, %11, %12 : tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>, tensor<3x5xf32>
  }
}
