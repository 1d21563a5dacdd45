module @special_functions_f32 attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<20xf32>, %arg1: tensor<20xf32>) -> (tensor<20xf32>, tensor<20xf32>, tensor<20xf32>) {
    %0 = chlo.erf %arg0 : tensor<20xf32> -> tensor<20xf32>
    %1 = chlo.erfc %arg0 : tensor<20xf32> -> tensor<20xf32>
    %cst = stablehlo.constant dense<4.000000e+00> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<20xf32>
    %3 = stablehlo.add %arg1, %2 : tensor<20xf32>
    %4 = chlo.lgamma %3 : tensor<20xf32> -> tensor<20xf32>
    return %0, %1, %4 : tensor<20xf32>, tensor<20xf32>, tensor<20xf32>
  }
}
