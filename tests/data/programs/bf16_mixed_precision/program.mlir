module @bf16_mixed_precision attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<5x8xbf16>, %arg1: tensor<5x8xf32>) -> (tensor<5x8xbf16>, tensor<5x8xf32>, tensor<5x8xbf16>, tensor<5xf32>) {
    %0 = stablehlo.convert %arg1 : (tensor<5x8xf32>) -> tensor<5x8xbf16>
    %1 = stablehlo.add %arg0, %0 : tensor<5x8xbf16>
    %2 = stablehlo.convert %arg0 : (tensor<5x8xbf16>) -> tensor<5x8xf32>
    %3 = stablehlo.multiply %2, %arg1 : tensor<5x8xf32>
    %4 = stablehlo.convert %arg1 : (tensor<5x8xf32>) -> tensor<5x8xbf16>
    %5 = stablehlo.convert %arg0 : (tensor<5x8xbf16>) -> tensor<5x8xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %6 = stablehlo.reduce(%5 init: %cst) applies stablehlo.add across dimensions = [1] : (tensor<5x8xf32>, tensor<f32>) -> tensor<5xf32>
    return %1, %3, %4, %6 : tensor<5x8xbf16>, tensor<5x8xf32>, tensor<5x8xbf16>, tensor<5xf32>
  }
}
