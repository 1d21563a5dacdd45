module @f64_arithmetic attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<16xf64>, %arg1: tensor<16xf64>) -> (tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xi1>) {
    %0 = stablehlo.add %arg0, %arg1 : tensor<16xf64>
    %1 = stablehlo.subtract %arg0, %arg1 : tensor<16xf64>
    %2 = stablehlo.multiply %arg0, %arg1 : tensor<16xf64>
    %cst = stablehlo.constant dense<2.000000e+00> : tensor<f64>
    %3 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<16xf64>
    %4 = stablehlo.add %arg1, %3 : tensor<16xf64>
    %5 = stablehlo.divide %arg0, %4 : tensor<16xf64>
    %6 = stablehlo.abs %arg0 : tensor<16xf64>
    %7 = stablehlo.sqrt %6 : tensor<16xf64>
    %8 = stablehlo.compare LT, %arg0, %arg1, FLOAT : (tensor<16xf64>, tensor<16xf64>) -> tensor<16xi1>
    return %0, %1, %2, %5, %7, %8 : tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xf64>, tensor<16xi1>
  }
}
