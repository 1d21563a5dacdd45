module @transcendental_f32 attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<24xf32>) -> (tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>) {
    %0 = stablehlo.exponential %arg0 : tensor<24xf32>
    %1 = stablehlo.exponential_minus_one %arg0 : tensor<24xf32>
    %2 = stablehlo.log %arg0 : tensor<24xf32>
    %3 = stablehlo.log_plus_one %arg0 : tensor<24xf32>
    %4 = stablehlo.sqrt %arg0 : tensor<24xf32>
    %5 = stablehlo.rsqrt %arg0 : tensor<24xf32>
    %6 = stablehlo.cbrt %arg0 : tensor<24xf32>
    %7 = stablehlo.tanh %arg0 : tensor<24xf32>
    %8 = stablehlo.negate %arg0 : tensor<24xf32>
    %9 = stablehlo.exponential %8 : tensor<24xf32>
    %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %10 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<24xf32>
    %11 = stablehlo.add %10, %9 : tensor<24xf32>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %12 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<24xf32>
    %13 = stablehlo.divide %12, %11 : tensor<24xf32>
    %cst_1 = stablehlo.constant dense<1.500000e+00> : tensor<f32>
    %14 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<24xf32>
    %15 = stablehlo.power %arg0, %14 : tensor<24xf32>
    return %0, %1, %2, %3, %4, %5, %6, %7, %13, %15 : tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>, tensor<24xf32>
  }
}
