module @f64_pendulum attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<2xf64>) -> tensor<20x2xf64> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<20x2xf64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1:3 = stablehlo.while(%iterArg = %c, %iterArg_0 = %arg0, %iterArg_1 = %0) : tensor<i64>, tensor<2xf64>, tensor<20x2xf64>
    cond {
      %c_2 = stablehlo.constant dense<20> : tensor<i64>
      %2 = stablehlo.compare LT, %iterArg, %c_2, SIGNED : (tensor<i64>, tensor<i64>) -> tensor<i1>
      stablehlo.return %2 : tensor<i1>
    } do {
      %2:2 = func.call @closed_call(%iterArg_0) : (tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
      %3 = func.call @dynamic_update_index_in_dim(%iterArg_1, %2#1, %iterArg) : (tensor<20x2xf64>, tensor<2xf64>, tensor<i64>) -> tensor<20x2xf64>
      %c_2 = stablehlo.constant dense<1> : tensor<i64>
      %4 = stablehlo.add %iterArg, %c_2 : tensor<i64>
      stablehlo.return %4, %2#0, %3 : tensor<i64>, tensor<2xf64>, tensor<20x2xf64>
    }
    return %1#2 : tensor<20x2xf64>
  }
  func.func private @closed_call(%arg0: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>) {
    %0 = stablehlo.slice %arg0 [1:2] : (tensor<2xf64>) -> tensor<1xf64>
    %1 = stablehlo.reshape %0 : (tensor<1xf64>) -> tensor<f64>
    %2 = stablehlo.slice %arg0 [0:1] : (tensor<2xf64>) -> tensor<1xf64>
    %3 = stablehlo.reshape %2 : (tensor<1xf64>) -> tensor<f64>
    %4 = stablehlo.sine %3 : tensor<f64>
    %5 = stablehlo.negate %4 : tensor<f64>
    %6 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f64>) -> tensor<1xf64>
    %7 = stablehlo.broadcast_in_dim %5, dims = [] : (tensor<f64>) -> tensor<1xf64>
    %8 = stablehlo.concatenate %6, %7, dim = 0 : (tensor<1xf64>, tensor<1xf64>) -> tensor<2xf64>
    %cst = stablehlo.constant dense<5.000000e-02> : tensor<f64>
    %9 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f64>) -> tensor<2xf64>
    %10 = stablehlo.multiply %9, %8 : tensor<2xf64>
    %11 = stablehlo.add %arg0, %10 : tensor<2xf64>
    %12 = stablehlo.slice %11 [1:2] : (tensor<2xf64>) -> tensor<1xf64>
    %13 = stablehlo.reshape %12 : (tensor<1xf64>) -> tensor<f64>
    %14 = stablehlo.slice %11 [0:1] : (tensor<2xf64>) -> tensor<1xf64>
    %15 = stablehlo.reshape %14 : (tensor<1xf64>) -> tensor<f64>
    %16 = stablehlo.sine %15 : tensor<f64>
    %17 = stablehlo.negate %16 : tensor<f64>
    %18 = stablehlo.broadcast_in_dim %13, dims = [] : (tensor<f64>) -> tensor<1xf64>
    %19 = stablehlo.broadcast_in_dim %17, dims = [] : (tensor<f64>) -> tensor<1xf64>
    %20 = stablehlo.concatenate %18, %19, dim = 0 : (tensor<1xf64>, tensor<1xf64>) -> tensor<2xf64>
    %cst_0 = stablehlo.constant dense<5.000000e-02> : tensor<f64>
    %21 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f64>) -> tensor<2xf64>
    %22 = stablehlo.multiply %21, %20 : tensor<2xf64>
    %23 = stablehlo.add %arg0, %22 : tensor<2xf64>
    %24 = stablehlo.slice %23 [1:2] : (tensor<2xf64>) -> tensor<1xf64>
    %25 = stablehlo.reshape %24 : (tensor<1xf64>) -> tensor<f64>
    %26 = stablehlo.slice %23 [0:1] : (tensor<2xf64>) -> tensor<1xf64>
    %27 = stablehlo.reshape %26 : (tensor<1xf64>) -> tensor<f64>
    %28 = stablehlo.sine %27 : tensor<f64>
    %29 = stablehlo.negate %28 : tensor<f64>
    %30 = stablehlo.broadcast_in_dim %25, dims = [] : (tensor<f64>) -> tensor<1xf64>
    %31 = stablehlo.broadcast_in_dim %29, dims = [] : (tensor<f64>) -> tensor<1xf64>
    %32 = stablehlo.concatenate %30, %31, dim = 0 : (tensor<1xf64>, tensor<1xf64>) -> tensor<2xf64>
    %cst_1 = stablehlo.constant dense<1.000000e-01> : tensor<f64>
    %33 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f64>) -> tensor<2xf64>
    %34 = stablehlo.multiply %33, %32 : tensor<2xf64>
    %35 = stablehlo.add %arg0, %34 : tensor<2xf64>
    %36 = stablehlo.slice %35 [1:2] : (tensor<2xf64>) -> tensor<1xf64>
    %37 = stablehlo.reshape %36 : (tensor<1xf64>) -> tensor<f64>
    %38 = stablehlo.slice %35 [0:1] : (tensor<2xf64>) -> tensor<1xf64>
    %39 = stablehlo.reshape %38 : (tensor<1xf64>) -> tensor<f64>
    %40 = stablehlo.sine %39 : tensor<f64>
    %41 = stablehlo.negate %40 : tensor<f64>
    %42 = stablehlo.broadcast_in_dim %37, dims = [] : (tensor<f64>) -> tensor<1xf64>
    %43 = stablehlo.broadcast_in_dim %41, dims = [] : (tensor<f64>) -> tensor<1xf64>
    %44 = stablehlo.concatenate %42, %43, dim = 0 : (tensor<1xf64>, tensor<1xf64>) -> tensor<2xf64>
    %cst_2 = stablehlo.constant dense<2.000000e+00> : tensor<f64>
    %45 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f64>) -> tensor<2xf64>
    %46 = stablehlo.multiply %45, %20 : tensor<2xf64>
    %47 = stablehlo.add %8, %46 : tensor<2xf64>
    %cst_3 = stablehlo.constant dense<2.000000e+00> : tensor<f64>
    %48 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f64>) -> tensor<2xf64>
    %49 = stablehlo.multiply %48, %32 : tensor<2xf64>
    %50 = stablehlo.add %47, %49 : tensor<2xf64>
    %51 = stablehlo.add %50, %44 : tensor<2xf64>
    %cst_4 = stablehlo.constant dense<0.016666666666666666> : tensor<f64>
    %52 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f64>) -> tensor<2xf64>
    %53 = stablehlo.multiply %52, %51 : tensor<2xf64>
    %54 = stablehlo.add %arg0, %53 : tensor<2xf64>
    return %54, %54 : tensor<2xf64>, tensor<2xf64>
  }
  func.func private @dynamic_update_index_in_dim(%arg0: tensor<20x2xf64>, %arg1: tensor<2xf64>, %arg2: tensor<i64>) -> tensor<20x2xf64> {
    %0 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<2xf64>) -> tensor<1x2xf64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1 = stablehlo.dynamic_update_slice %arg0, %0, %arg2, %c : (tensor<20x2xf64>, tensor<1x2xf64>, tensor<i64>, tensor<i64>) -> tensor<20x2xf64>
    return %1 : tensor<20x2xf64>
  }
}
