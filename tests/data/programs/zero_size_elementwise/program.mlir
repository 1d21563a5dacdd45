module @zero_size_elementwise attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<0xf32>, %arg1: tensor<3x0xf32>, %arg2: tensor<0x4xi32>) -> (tensor<0xf32>, tensor<3x0xf32>, tensor<0x4xi32>) {
    %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<0xf32>
    %1 = stablehlo.add %arg0, %0 : tensor<0xf32>
    %2 = stablehlo.exponential %arg1 : tensor<3x0xf32>
    %c = stablehlo.constant dense<2> : tensor<i32>
    %3 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<0x4xi32>
    %4 = stablehlo.multiply %arg2, %3 : tensor<0x4xi32>
    return %1, %2, %4 : tensor<0xf32>, tensor<3x0xf32>, tensor<0x4xi32>
  }
}
