module @f16_conversions attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<7xf32>) -> (tensor<7xf16>, tensor<7xf32>, tensor<7xui16>) {
    %0 = stablehlo.convert %arg0 : (tensor<7xf32>) -> tensor<7xf16>
    %1 = stablehlo.convert %0 : (tensor<7xf16>) -> tensor<7xf32>
    %2 = stablehlo.bitcast_convert %0 : (tensor<7xf16>) -> tensor<7xui16>
    return %0, %1, %2 : tensor<7xf16>, tensor<7xf32>, tensor<7xui16>
  }
}
