module @zero_size_reductions attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<0x3xf32>, %arg1: tensor<4x0xi32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<4xi64>, tensor<4xi64>, tensor<4xi1>, tensor<0xf32>) {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.reduce(%arg0 init: %cst) applies stablehlo.add across dimensions = [0] : (tensor<0x3xf32>, tensor<f32>) -> tensor<3xf32>
    %cst_0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %1 = stablehlo.reduce(%arg0 init: %cst_0) applies stablehlo.maximum across dimensions = [0] : (tensor<0x3xf32>, tensor<f32>) -> tensor<3xf32>
    %cst_1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %3 = stablehlo.maximum %2, %1 : tensor<3xf32>
    %4 = stablehlo.convert %arg1 : (tensor<4x0xi32>) -> tensor<4x0xi64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %5 = stablehlo.reduce(%4 init: %c) applies stablehlo.add across dimensions = [1] : (tensor<4x0xi64>, tensor<i64>) -> tensor<4xi64>
    %6 = stablehlo.convert %arg1 : (tensor<4x0xi32>) -> tensor<4x0xi64>
    %c_2 = stablehlo.constant dense<1> : tensor<i64>
    %7 = stablehlo.reduce(%6 init: %c_2) applies stablehlo.multiply across dimensions = [1] : (tensor<4x0xi64>, tensor<i64>) -> tensor<4xi64>
    %c_3 = stablehlo.constant dense<0> : tensor<i32>
    %8 = stablehlo.broadcast_in_dim %c_3, dims = [] : (tensor<i32>) -> tensor<4x0xi32>
    %9 = stablehlo.compare EQ, %arg1, %8, SIGNED : (tensor<4x0xi32>, tensor<4x0xi32>) -> tensor<4x0xi1>
    %c_4 = stablehlo.constant dense<true> : tensor<i1>
    %10 = stablehlo.reduce(%9 init: %c_4) applies stablehlo.and across dimensions = [1] : (tensor<4x0xi1>, tensor<i1>) -> tensor<4xi1>
    %cst_5 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %11 = stablehlo.reduce(%arg0 init: %cst_5) applies stablehlo.add across dimensions = [1] : (tensor<0x3xf32>, tensor<f32>) -> tensor<0xf32>
    return %0, %3, %5, %7, %10, %11 : tensor<3xf32>, tensor<3xf32>, tensor<4xi64>, tensor<4xi64>, tensor<4xi1>, tensor<0xf32>
  }
}
