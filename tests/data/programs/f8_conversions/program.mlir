module @f8_conversions attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<24xf32>) -> (tensor<24xf8E4M3FN>, tensor<24xf8E5M2>, tensor<24xf8E4M3B11FNUZ>, tensor<24xf8E5M2FNUZ>, tensor<24xf8E4M3FNUZ>) {
    %cst = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<24xf32>
    %1 = stablehlo.divide %arg0, %0 : tensor<24xf32>
    %2 = stablehlo.convert %arg0 : (tensor<24xf32>) -> tensor<24xf8E4M3FN>
    %3 = stablehlo.convert %arg0 : (tensor<24xf32>) -> tensor<24xf8E5M2>
    %4 = stablehlo.convert %1 : (tensor<24xf32>) -> tensor<24xf8E4M3B11FNUZ>
    %5 = stablehlo.convert %1 : (tensor<24xf32>) -> tensor<24xf8E5M2FNUZ>
    %6 = stablehlo.convert %1 : (tensor<24xf32>) -> tensor<24xf8E4M3FNUZ>
    return %2, %3, %4, %5, %6 : tensor<24xf8E4M3FN>, tensor<24xf8E5M2>, tensor<24xf8E4M3B11FNUZ>, tensor<24xf8E5M2FNUZ>, tensor<24xf8E4M3FNUZ>
  }
}
